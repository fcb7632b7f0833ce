/**
 * {@linkcode toRust}: Rust source that matches a schema.
 *
 * @module
 */
import { checkSchema } from "./check.ts";
import { fieldName, pascalCase, typeName } from "./rust_names.ts";
import {
  type AnySchema,
  type BTree,
  type Composite,
  type Field,
  type HashTable,
  isSchema,
  type Node,
  type Sum,
} from "./schema.ts";
import { insideOf } from "./parts.ts";

/** Rust's own structs, by the name in their signature: their names in Rust, and imports. */
const STRUCTS: Readonly<Partial<Record<string, readonly [name: string, from: string]>>> = {
  sockv4: ["SocketAddrV4", "std::net"],
  sockv6: ["SocketAddrV6", "std::net"],
  range: ["Range", "std::ops"],
  rangeinc: ["RangeInclusive", "std::ops"],
  rangefrom: ["RangeFrom", "std::ops"],
  rangeto: ["RangeTo", "std::ops"],
  rangetoinc: ["RangeToInclusive", "std::ops"],
};

const RECURSIVE = [
  '#[archive(bound(serialize = "__S: rkyv::ser::Serializer + rkyv::ser::ScratchSpace"))]',
  '#[archive_attr(check_bytes(bound = "__C: rkyv::validation::ArchiveContext, <__C as rkyv::Fallible>::Error: std::error::Error"))]',
];
const OMIT_BOUNDS = "#[omit_bounds] #[archive_attr(omit_bounds)] ";

/** The types of `schema`, including itself, in order of appearance. */
function reachable(schema: AnySchema): ReadonlySet<AnySchema> {
  const met = new Set([schema]);
  for (const next of met) for (const part of insideOf(next)) met.add(part);
  return met;
}

/** Pending definitions. */
class RustSource {
  readonly #imports = new Map<string, Set<string>>([
    ["rkyv", new Set(["Archive", "Deserialize", "Serialize"])],
  ]);
  readonly #names = new Map<AnySchema, string>();
  readonly #taken = new Set<string>();
  readonly #hashed = new Set<AnySchema>();
  readonly #ordered = new Set<AnySchema>();
  readonly #definitions: string[] = [];

  constructor(root: AnySchema) {
    for (const schema of reachable(root)) {
      const node = schema as Node;
      if (!("key" in node)) continue;
      const keys = node.kind.startsWith("hash") ? this.#hashed : this.#ordered;
      for (const part of reachable(node.key)) keys.add(part);
    }
  }

  #use(name: string, from: string): string {
    let names = this.#imports.get(from);
    if (names === undefined) this.#imports.set(from, names = new Set());
    names.add(name);
    return name;
  }

  /** A type's name at its use; `name` is the name of its definition, if it needs one. */
  type(schema: AnySchema, name: string): string {
    const node = schema as Node;
    if ("min" in node) return node.kind;
    switch (node.kind) {
      case "f32":
      case "f64":
      case "bool":
      case "char":
        return node.kind;
      case "unit":
        return "()";
      case "string":
        return "String";
      case "boxstr":
        return "Box<str>";
      case "cstring":
        return this.#use("CString", "std::ffi");
      case "bytes":
        return "Vec<u8>";
      case "duration":
        return this.#use("Duration", "std::time");
      case "ipv4":
        return this.#use("Ipv4Addr", "std::net");
      case "ipv6":
        return this.#use("Ipv6Addr", "std::net");
      case "ip":
        return this.#use("IpAddr", "std::net");
      case "sock":
        return this.#use("SocketAddr", "std::net");
      case "uuid":
        return this.#use("Uuid", "uuid");
      case "lazy":
      case "convert":
        return this.type(node.item, name);
      case "nonzero":
        return this.#use(`NonZero${pascalCase(node.item.kind)}`, "std::num");
      case "vec":
      case "numbers":
        return `Vec<${this.type(node.item, name)}>`;
      case "boxslice":
        return `Box<[${this.type(node.item, name)}]>`;
      case "array":
        return `[${this.type(node.item, name)}; ${node.length}]`;
      case "box":
        return `Box<${this.type(node.item, name)}>`;
      case "option":
        return `Option<${this.type(node.arms[1]!.fields[0]!.schema, name)}>`;
      case "result": {
        const [ok, err] = node.arms.map(({ fields }) => fields[0]!.schema);
        return `Result<${this.type(ok!, `${name}Ok`)}, ${this.type(err!, `${name}Err`)}>`;
      }
      case "hashmap":
      case "hashset":
      case "btreemap":
      case "btreeset":
        return this.#collection(node, name);
      case "tuple": {
        const items = node.fields.map((field, i) => this.type(field.schema, `${name}${i}`));
        return `(${items.join(", ")}${items.length === 1 ? "," : ""})`;
      }
      case "struct": {
        const own = STRUCTS[node.name ?? ""];
        if (own === undefined) return this.#defined(node, name);
        const [text, from] = own;
        this.#use(text, from);
        if (from !== "std::ops") return text;
        return `${text}<${this.type(node.fields[0]!.schema, name)}>`;
      }
      case "tstruct":
      case "variants":
        return this.#defined(node, name);
      case "arm":
        break;
      default:
        node satisfies never;
    }
    throw new TypeError(`Cannot write ${schema.kind} in Rust`);
  }

  #collection(
    schema: HashTable | BTree,
    name: string,
  ): string {
    const tree = schema.kind.startsWith("btree") ? "BTree" : "Hash";
    if (schema.kind.endsWith("set")) {
      return `${this.#use(`${tree}Set`, "std::collections")}<${this.type(schema.key, name)}>`;
    }
    const key = this.type(schema.key, `${name}Key`);
    return `${this.#use(`${tree}Map`, "std::collections")}<${key}, ${
      this.type(schema.item, name)
    }>`;
  }

  #defined(schema: Composite | Sum, wanted: string): string {
    let name = this.#names.get(schema);
    if (name !== undefined) return name;
    name = typeName(wanted, this.#taken);
    this.#names.set(schema, name);
    const place = this.#definitions.push("") - 1;
    const body = "arms" in schema
      ? this.#enum(schema, name)
      : schema.kind === "struct"
      ? this.#struct(schema, name)
      : this.#tupleStruct(schema, name);
    this.#definitions[place] = `${this.#attributes(schema)}\n${body}`;
    return name;
  }

  #attributes(schema: Composite | Sum): string {
    const derives: string[] = [];
    if (this.#hashed.has(schema)) derives.push("Hash");
    if (this.#hashed.has(schema) || this.#ordered.has(schema)) derives.push("PartialEq", "Eq");
    if (this.#ordered.has(schema)) derives.push("PartialOrd", "Ord");
    const lines = [
      `#[derive(${["Archive", "Serialize", "Deserialize", ...derives].join(", ")})]`,
      "#[archive(check_bytes)]",
    ];
    if (derives.length > 0) lines.push(`#[archive_attr(derive(${derives.join(", ")}))]`);
    if (schema.kind === "struct" && schema.reprC) lines.push("#[archive_attr(repr(C))]");
    if (schema.kind === "variants" && schema.reprU8) lines.push("#[repr(u8)]");
    if (insideOf(schema).some((part) => reachable(part).has(schema))) lines.push(...RECURSIVE);
    return lines.join("\n");
  }

  /** Text of a field's type, after the attributes that a recursive field needs. */
  #part(owner: AnySchema, schema: AnySchema, name: string): [string, string] {
    return [reachable(schema).has(owner) ? OMIT_BOUNDS : "", this.type(schema, name)];
  }

  #fields(
    owner: AnySchema,
    fields: readonly Field[],
    prefix: string,
  ): string[] {
    const taken = new Set<string>();
    return fields.map(({ key, schema }) => {
      const [attribute, type] = this.#part(owner, schema, pascalCase(String(key)));
      return `${attribute}${prefix}${fieldName(String(key), taken)}: ${type},`;
    });
  }

  #struct(schema: Composite, name: string): string {
    const fields = this.#fields(schema, schema.fields, "pub ");
    if (fields.length === 0) return `pub struct ${name} {}`;
    return `pub struct ${name} {\n${fields.map((line) => `    ${line}\n`).join("")}}`;
  }

  #tupleStruct(schema: Composite, name: string): string {
    const items = schema.fields.map((field, i) => {
      const [attribute, type] = this.#part(schema, field.schema, `${name}${i}`);
      return `${attribute}pub ${type}`;
    });
    return `pub struct ${name}(${items.join(", ")});`;
  }

  #enum(schema: Sum, name: string): string {
    const taken = new Set<string>();
    const lines = schema.arms.map((variant) => {
      const own = typeName(variant.name, taken);
      const { spec } = variant;
      if (spec === null) return `${own},`;
      if (!isSchema(spec) && !Array.isArray(spec)) {
        const parts = this.#fields(schema, variant.fields, "").join(" ").replace(/,$/, "");
        return parts === "" ? `${own} {},` : `${own} { ${parts} },`;
      }
      const items = variant.fields.map((field, i) => {
        const wanted = isSchema(spec) ? own : `${own}${i}`;
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

  /** Name the root even if it is not a struct or enum. */
  root(schema: AnySchema, name: string): void {
    const type = this.type(schema, name);
    if (!this.#taken.has(type)) {
      this.#definitions.push(`pub type ${typeName(name, this.#taken)} = ${type};`);
    }
  }
}

/**
 * Rust source whose archives are those of a schema, ready to paste: `rkyv` 0.7 with its `validation` feature.
 *
 * Types that need a definition are named after their field. Names follow Rust's conventions: fields snake_case,
 * variants PascalCase. Names are not part of the wire format; order is.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { struct, toRust, u32 } from "@hardlight/hardlight/codec";
 *
 * const source = toRust(struct({ dueDay: u32 }), "Task");
 * assert.match(source, /pub struct Task {\n    pub due_day: u32,\n}/);
 * ```
 *
 * @param schema The schema.
 * @param name The Rust type's name.
 * @throws {TypeError} If it is not a schema (a service is none), or has no counterpart in Rust.
 */
export function toRust(schema: AnySchema, name: string = "Root"): string {
  if (!isSchema(schema)) {
    throw new TypeError(
      "Cannot write what is no schema in Rust: of a service, write the state's fields, the event, and each " +
        "method's arguments and output; wireSnapshot() shows it whole",
    );
  }
  checkSchema("the schema", schema);
  if (typeof name !== "string") {
    throw new TypeError(`Cannot name a type ${name}: expected a string`);
  }
  const source = new RustSource(schema);
  source.root(schema, pascalCase(name));
  return source.text();
}
