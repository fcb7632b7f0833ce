/**
 * {@linkcode describe}: Rust source that matches a schema.
 *
 * @module
 */
import { FixedArray } from "./array.ts";
import { Box, Lazy } from "./box.ts";
import { BTreeMapSchema } from "./btree_map.ts";
import { Converted } from "./convert.ts";
import { Composite } from "./fields.ts";
import { HashMapSchema } from "./hash_map.ts";
import { NumberArray } from "./numbers.ts";
import { Option } from "./option.ts";
import { ResultSchema } from "./result.ts";
import { fieldName, pascalCase, setOf, typeName } from "./rust_names.ts";
import { isSchema, type Schema } from "./schema.ts";
import { Struct } from "./struct.ts";
import { Tuple } from "./tuple.ts";
import { VariantsSchema } from "./variants.ts";
import { Vec } from "./vec.ts";

/** Types by `kind`: how they are written, and what they are imported from. */
const NAMED: Readonly<Record<string, readonly [name: string, from?: string]>> = {
  string: ["String"],
  bytes: ["Vec<u8>"],
  boxstr: ["Box<str>"],
  unit: ["()"],
  duration: ["Duration", "std::time"],
  ipv4: ["Ipv4Addr", "std::net"],
  ipv6: ["Ipv6Addr", "std::net"],
  ip: ["IpAddr", "std::net"],
  sockv4: ["SocketAddrV4", "std::net"],
  sockv6: ["SocketAddrV6", "std::net"],
  sock: ["SocketAddr", "std::net"],
  uuid: ["Uuid", "uuid"],
  range: ["Range", "std::ops"],
  rangeinc: ["RangeInclusive", "std::ops"],
  rangefrom: ["RangeFrom", "std::ops"],
  rangeto: ["RangeTo", "std::ops"],
  rangetoinc: ["RangeToInclusive", "std::ops"],
};

const PRIMITIVES = /* @__PURE__ */ setOf(
  "u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64 bool char",
);

const RECURSIVE = [
  '#[archive(bound(serialize = "__S: rkyv::ser::Serializer + rkyv::ser::ScratchSpace"))]',
  '#[archive_attr(check_bytes(bound = "__C: rkyv::validation::ArchiveContext, <__C as rkyv::Fallible>::Error: std::error::Error"))]',
];
const OMIT_BOUNDS = "#[omit_bounds] #[archive_attr(omit_bounds)] ";

/** Types that are made of others. */
function partsOf(schema: Schema<unknown>): readonly Schema<unknown>[] {
  if (schema instanceof Composite) return Object.values(schema.schemas);
  if (schema instanceof VariantsSchema) return schema.variants.flatMap(partsOf);
  if (schema instanceof Vec || schema instanceof FixedArray || schema instanceof Box) {
    return [schema.item];
  }
  if (schema instanceof Option) return [schema.some];
  if (schema instanceof ResultSchema) return [schema.ok, schema.err];
  if (schema instanceof HashMapSchema || schema instanceof BTreeMapSchema) {
    return [schema.key, schema.value];
  }
  if (schema instanceof Converted) return [schema.inner];
  if (schema instanceof Lazy) return [(schema as Lazy<unknown>).schema];
  return [];
}

/** Types that `schema` is made of, itself included, in the order they are met. */
function reachable(schema: Schema<unknown>): ReadonlySet<Schema<unknown>> {
  const met = new Set([schema]);
  for (const next of met) for (const part of partsOf(next)) met.add(part);
  return met;
}

/** Definitions under way. */
class RustSource {
  readonly #imports = new Map<string, Set<string>>([
    ["rkyv", new Set(["Archive", "Deserialize", "Serialize"])],
  ]);
  readonly #names = new Map<Schema<unknown>, string>();
  readonly #taken = new Set<string>();
  readonly #hashed = new Set<Schema<unknown>>();
  readonly #ordered = new Set<Schema<unknown>>();
  readonly #definitions: string[] = [];

  constructor(root: Schema<unknown>) {
    for (const schema of reachable(root)) {
      if (schema instanceof HashMapSchema) {
        for (const part of reachable(schema.key)) this.#hashed.add(part);
      }
      if (schema instanceof BTreeMapSchema) {
        for (const part of reachable(schema.key)) this.#ordered.add(part);
      }
    }
  }

  #use(name: string, from: string): string {
    let names = this.#imports.get(from);
    if (names === undefined) this.#imports.set(from, names = new Set());
    names.add(name);
    return name;
  }

  /** A type as it is written where it is used; `name` is what to call it if it needs a definition. */
  type(schema: Schema<unknown>, name: string): string {
    if (schema instanceof Lazy) return this.type((schema as Lazy<unknown>).schema, name);
    if (schema instanceof Converted) return this.type(schema.inner, name);
    if (PRIMITIVES.has(schema.kind)) return schema.kind;
    if (schema.kind === "nonzero") {
      const { inner } = schema as unknown as { readonly inner: Schema<unknown> };
      return this.#use(`NonZero${pascalCase(inner.kind)}`, "std::num");
    }
    const named = NAMED[schema instanceof Struct ? shortKind(schema) : schema.kind];
    if (named !== undefined) {
      const [text, from] = named;
      if (from !== undefined) this.#use(text, from);
      if (from !== "std::ops") return text;
      const bound = Object.values((schema as Struct).schemas)[0]!;
      return `${text}<${this.type(bound, name)}>`;
    }
    if (schema instanceof Vec) {
      const item = this.type(schema.item, name);
      return schema.kind === "vec" ? `Vec<${item}>` : `Box<[${item}]>`;
    }
    if (schema instanceof NumberArray) return `Vec<${schema.item.kind}>`;
    if (schema instanceof FixedArray) return `[${this.type(schema.item, name)}; ${schema.length}]`;
    if (schema instanceof Box) return `Box<${this.type(schema.item, name)}>`;
    if (schema instanceof Option) return `Option<${this.type(schema.some, name)}>`;
    if (schema instanceof ResultSchema) {
      return `Result<${this.type(schema.ok, `${name}Ok`)}, ${this.type(schema.err, `${name}Err`)}>`;
    }
    if (schema instanceof HashMapSchema || schema instanceof BTreeMapSchema) {
      return this.#collection(schema, name);
    }
    if (schema instanceof Tuple && schema.kind === "tuple") {
      const items = schema.schemas.map((item, i) => this.type(item, `${name}${i}`));
      return `(${items.join(", ")}${items.length === 1 ? "," : ""})`;
    }
    return this.#defined(schema, name);
  }

  #collection(
    schema: HashMapSchema<unknown, unknown, unknown> | BTreeMapSchema<unknown, unknown, unknown>,
    name: string,
  ): string {
    const tree = schema.kind.startsWith("btree") ? "BTree" : "Hash";
    if (schema.kind.endsWith("set")) {
      return `${this.#use(`${tree}Set`, "std::collections")}<${this.type(schema.key, name)}>`;
    }
    const key = this.type(schema.key, `${name}Key`);
    return `${this.#use(`${tree}Map`, "std::collections")}<${key}, ${
      this.type(schema.value, name)
    }>`;
  }

  #defined(schema: Schema<unknown>, wanted: string): string {
    let name = this.#names.get(schema);
    if (name !== undefined) return name;
    name = typeName(wanted, this.#taken);
    this.#names.set(schema, name);
    const place = this.#definitions.push("") - 1;
    let body: string;
    if (schema instanceof Struct) body = this.#struct(schema, name);
    else if (schema instanceof VariantsSchema) body = this.#enum(schema, name);
    else if (schema instanceof Tuple) body = this.#tupleStruct(schema, name);
    else throw new TypeError(`Cannot describe ${schema.kind} in Rust`);
    this.#definitions[place] = `${this.#attributes(schema)}\n${body}`;
    return name;
  }

  #attributes(schema: Schema<unknown>): string {
    const derives: string[] = [];
    if (this.#hashed.has(schema)) derives.push("Hash");
    if (this.#hashed.has(schema) || this.#ordered.has(schema)) derives.push("PartialEq", "Eq");
    if (this.#ordered.has(schema)) derives.push("PartialOrd", "Ord");
    const lines = [
      `#[derive(${["Archive", "Serialize", "Deserialize", ...derives].join(", ")})]`,
      "#[archive(check_bytes)]",
    ];
    if (derives.length > 0) lines.push(`#[archive_attr(derive(${derives.join(", ")}))]`);
    if (schema instanceof Struct && schema.reprC) lines.push("#[archive_attr(repr(C))]");
    if (schema instanceof VariantsSchema && schema.reprU8) lines.push("#[repr(u8)]");
    if (partsOf(schema).some((part) => reachable(part).has(schema))) lines.push(...RECURSIVE);
    return lines.join("\n");
  }

  /** Text of a field's type, after what a field that leads back to its owner needs. */
  #part(owner: Schema<unknown>, schema: Schema<unknown>, name: string): [string, string] {
    return [reachable(schema).has(owner) ? OMIT_BOUNDS : "", this.type(schema, name)];
  }

  #fields(
    owner: Schema<unknown>,
    fields: readonly (readonly [string, Schema<unknown>])[],
    prefix: string,
  ): string[] {
    const taken = new Set<string>();
    return fields.map(([key, schema]) => {
      const [attribute, type] = this.#part(owner, schema, pascalCase(key));
      return `${attribute}${prefix}${fieldName(key, taken)}: ${type},`;
    });
  }

  #struct(schema: Struct, name: string): string {
    const fields = this.#fields(schema, Object.entries(schema.schemas), "pub ");
    if (fields.length === 0) return `pub struct ${name} {}`;
    return `pub struct ${name} {\n${fields.map((line) => `    ${line}\n`).join("")}}`;
  }

  #tupleStruct(schema: Tuple, name: string): string {
    const items = schema.schemas.map((item, i) => {
      const [attribute, type] = this.#part(schema, item, `${name}${i}`);
      return `${attribute}pub ${type}`;
    });
    return `pub struct ${name}(${items.join(", ")});`;
  }

  #enum(schema: VariantsSchema, name: string): string {
    const taken = new Set<string>();
    const lines = schema.variants.map((variant) => {
      const own = typeName(variant.name, taken);
      if (variant.shape === "unit") return `${own},`;
      if (variant.shape === "named") {
        const fields = variant.fields.map((field) => [String(field.key), field.schema] as const);
        const parts = this.#fields(schema, fields, "").join(" ").replace(/,$/, "");
        return parts === "" ? `${own} {},` : `${own} { ${parts} },`;
      }
      const items = variant.fields.map((field, i) => {
        const wanted = variant.shape === "single" ? own : `${own}${i}`;
        return this.#part(schema, field.schema, wanted).join("");
      });
      return `${own}(${items.join(", ")}),`;
    });
    return `pub enum ${name} {\n${lines.map((line) => `    ${line}\n`).join("")}}`;
  }

  text(): string {
    const uses = [...this.#imports].sort(([a], [b]) => a < b ? -1 : 1).map(([from, names]) => {
      const sorted = [...names].sort();
      return `use ${from}::${sorted.length === 1 ? sorted[0] : `{${sorted.join(", ")}}`};\n`;
    });
    return `${uses.join("")}\n${this.#definitions.join("\n\n")}\n`;
  }

  /** Give the root a name even where it is no struct or enum. */
  root(schema: Schema<unknown>, name: string): void {
    const type = this.type(schema, name);
    if (!this.#taken.has(type)) {
      this.#definitions.push(`pub type ${typeName(name, this.#taken)} = ${type};`);
    }
  }
}

/** Ranges and addresses are structs whose description begins with their name. */
function shortKind(schema: Struct): string {
  return /^[a-z0-9]+/.exec(schema.describe())?.[0] ?? "";
}

/**
 * Rust source whose archives are those of a schema, ready to paste: `rkyv` 0.7 with its `validation` feature.
 *
 * Types that need a definition are named after the field they are found in. Names become Rust's:
 * fields snake_case, variants PascalCase. Names are not part of the wire; order is.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { describe, struct, u32 } from "@hardlight/hardlight/codec";
 *
 * const source = describe(struct({ dueDay: u32 }), "Task");
 * assert.match(source, /pub struct Task {\n    pub due_day: u32,\n}/);
 * ```
 *
 * @param schema What to describe.
 * @param name What to call it.
 * @throws {TypeError} For what is no schema (a service is none), or has no counterpart in Rust.
 */
export function describe(schema: Schema<unknown>, name: string = "Root"): string {
  if (!isSchema(schema)) {
    throw new TypeError(
      "Cannot describe what is no schema in Rust: of a service, describe the state's fields, the " +
        "event, and each method's arguments and output; wireSnapshot() shows it whole",
    );
  }
  const source = new RustSource(schema);
  source.root(schema, pascalCase(name));
  return source.text();
}
