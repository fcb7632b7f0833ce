/**
 * {@linkcode variants}.
 *
 * @module
 */
import {
  checkFields,
  type Field,
  type Fields,
  type Keyed,
  readFields,
  resolveFields,
  serializeFields,
} from "./fields.ts";
import { type EnumLayout, enumLayout, type Niche } from "./layout.ts";
import { BAD_VALUE } from "./primitives.ts";
import type { Reader } from "./reader.ts";
import {
  asRecord,
  checkNames,
  describeName,
  type Infer,
  isSchema,
  type Path,
  refuse,
  Schema,
} from "./schema.ts";
import type { SeaHasher } from "./sea_hash.ts";
import type { InferItems, Items } from "./tuple.ts";
import type { Writer } from "./writer.ts";

/** What a variant carries: nothing, one value, several by position, or several by name. */
export type VariantSpec = null | Schema<unknown> | Items | Fields;

/** Variants by name, in declaration order: the order is wire format. */
export type Variants = Readonly<Record<string, VariantSpec>>;

/** The value of one variant, as {@linkcode variants} lists them. */
export type InferVariant<K, V> = V extends null ? { type: K }
  : V extends Schema<infer T> ? { type: K; value: T }
  : V extends Items ? { type: K; value: InferItems<V> }
  : { -readonly [P in "type" | keyof V]: P extends keyof V ? Infer<V[P]> : K };

/** The value of an enum with these variants: a union discriminated by `type`. */
export type InferVariants<V> = { [K in keyof V]: InferVariant<K, V[K]> }[keyof V];

/** One variant. */
export interface Variant {
  /** Its name, which is `type` of its values. */
  readonly name: string;
  /** Its tag: its index in declaration order. */
  readonly tag: number;
  /** Where its fields are kept: in the value itself, in its `value`, or as its `value`. */
  readonly shape: "unit" | "named" | "items" | "single";
  /** Its fields in declaration order. */
  readonly fields: readonly Field[];
  /** Whether nothing of it lies out of line. */
  readonly flat: boolean;
}

/** A tagged value. */
export type Tagged = Keyed & { readonly type: string };

/** A schema of {@linkcode variants}. */
export class VariantsSchema extends Schema<Tagged> {
  readonly kind = "variants";
  /** What each variant carries. */
  readonly specs: Variants;
  /** Whether the native enum is `#[repr(u8)]`; matters only for its hash as a map's key. */
  readonly reprU8: boolean;
  #flat: boolean | undefined;
  #layout: EnumLayout | undefined;
  #variants: readonly Variant[] | undefined;
  #byName: ReadonlyMap<string, Variant> | undefined;

  /** See {@linkcode variants}. */
  constructor(specs: Variants, reprU8: boolean) {
    super();
    const names = Object.keys(specs);
    checkNames("variant", names);
    if (names.length === 0) throw new TypeError("Cannot make variants: there are none");
    for (const [name, spec] of Object.entries(specs)) {
      const fields = spec === null || isSchema(spec) ? {} : spec;
      checkNames("field", Array.isArray(fields) ? [] : Object.keys(fields));
      if (!Object.values(fields).every(isSchema)) {
        throw new TypeError(
          `Cannot make variant ${name}: expected null, a schema, an array or an object of schemas`,
        );
      }
    }
    this.specs = specs;
    this.reprU8 = reprU8;
  }

  /** Where the parts are. */
  get layout(): EnumLayout {
    return this.#layout ??= enumLayout(Object.values(this.specs).map(schemasOf));
  }

  /** The variants in declaration order, with their places. */
  get variants(): readonly Variant[] {
    return this.#variants ??= Object.entries(this.specs).map(([name, spec], tag) => {
      const schemas = schemasOf(spec);
      const shape = spec === null
        ? "unit"
        : isSchema(spec)
        ? "single"
        : Array.isArray(spec)
        ? "items"
        : "named";
      const keys = shape === "named"
        ? Object.keys(spec as Fields)
        : shape === "single"
        ? ["value"]
        : undefined;
      return {
        name,
        tag,
        shape,
        fields: schemas.map((schema, i) => ({
          key: keys?.[i] ?? i,
          schema,
          offset: this.layout.variants[tag]![i]!,
        })),
        flat: schemas.every((schema) => schema.flat),
      };
    });
  }

  #variant(value: Tagged): Variant {
    this.#byName ??= new Map(this.variants.map((variant) => [variant.name, variant]));
    const variant = this.#byName.get(value.type);
    if (variant === undefined) throw BAD_VALUE;
    return variant;
  }

  get size(): number {
    return this.layout.size;
  }

  get align(): number {
    return this.layout.align;
  }

  get niche(): Niche | undefined {
    return this.layout.niche;
  }

  get flat(): boolean {
    return this.#flat ??= Object.values(this.specs).every((spec) =>
      schemasOf(spec).every((schema) => schema.flat)
    );
  }

  #payload({ shape, fields }: Variant, value: Tagged): Keyed {
    if (shape !== "items") return value;
    const items = value["value"];
    if (!Array.isArray(items) || items.length !== fields.length) throw BAD_VALUE;
    return items as unknown as Keyed;
  }

  serialize(writer: Writer, value: Tagged): void {
    const variant = this.#variant(value);
    serializeFields(writer, variant.fields, this.#payload(variant, value));
  }

  resolve(writer: Writer, at: number, value: Tagged): void {
    const variant = this.#variant(value);
    writeTag(writer, this, at, variant.tag);
    resolveFields(writer, variant.fields, at, this.#payload(variant, value));
  }

  #tag(reader: Reader, at: number): Variant {
    return this.variants[readTag(reader, this, at)] ??
      reader.fail("InvalidTag", at, `a tag below ${this.variants.length}`);
  }

  read(reader: Reader, at: number): Tagged {
    const variant = this.#tag(reader, at);
    if (variant.shape !== "items") {
      return readFields(reader, variant.fields, at, { type: variant.name });
    }
    const items = new Array<unknown>(variant.fields.length).fill(undefined);
    readFields(reader, variant.fields, at, items as unknown as Keyed);
    return { type: variant.name, value: items };
  }

  check(reader: Reader, at: number): void {
    const variant = this.#tag(reader, at);
    const inValue = variant.shape === "items";
    if (inValue) reader.path.push("value");
    checkFields(reader, variant.fields, at);
    if (inValue) reader.path.pop();
  }

  accept(value: unknown, path: Path): void {
    const names = this.variants.map(({ name }) => JSON.stringify(name)).slice(0, 8).join(", ");
    const record = asRecord(path, `an object whose type is one of ${names}`, value);
    const variant = this.variants.find(({ name }) => name === record["type"]);
    if (variant === undefined) refuse([...path, "type"], `one of ${names}`, record["type"]);
    let payload = record as Keyed;
    if (variant.shape === "items") {
      const items = record["value"];
      if (!Array.isArray(items) || items.length !== variant.fields.length) {
        refuse([...path, "value"], `an array of ${variant.fields.length}`, items);
      }
      payload = items as unknown as Keyed;
      path = [...path, "value"];
    }
    for (const { key, schema } of variant.fields) schema.accept(payload[key], [...path, key]);
  }

  describe(): string {
    const variants = Object.entries(this.specs).map(([key, spec]) => {
      const name = describeName(key);
      if (spec === null) return name;
      if (isSchema(spec)) return `${name}(${spec.describe()})`;
      if (Array.isArray(spec)) {
        return `${name}(${spec.map((schema) => schema.describe()).join(",")})`;
      }
      const fields = Object.entries(spec as Fields).map(([field, schema]) =>
        `${describeName(field)}:${schema.describe()}`
      );
      return `${name}{${fields.join(",")}}`;
    });
    return `enum{${variants.join(",")}}`;
  }

  defaultValue(): Tagged {
    const first = this.variants[0]!;
    if (first.shape !== "unit") {
      throw new TypeError(
        `Cannot default variants whose first, ${first.name}, carries something: use withDefault()`,
      );
    }
    return { type: first.name };
  }

  override hash(hasher: SeaHasher, value: Tagged): void {
    const variant = this.#variant(value);
    if (this.variants.length > 1) hasher.u8(variant.tag);
    const payload = this.#payload(variant, value);
    for (const { key, schema } of variant.fields) schema.hash(hasher, payload[key]);
  }

  override compare(a: Tagged, b: Tagged): number {
    const variant = this.#variant(a);
    const other = this.#variant(b);
    if (variant !== other) return variant.tag - other.tag;
    const x = this.#payload(variant, a);
    const y = this.#payload(variant, b);
    for (const { key, schema } of variant.fields) {
      const order = schema.compare(x[key], y[key]);
      if (order !== 0) return order;
    }
    return 0;
  }

  override get keyFault(): string | undefined {
    if (!this.reprU8 && this.variants.length > 1) {
      return "rkyv hashes an enum that is not #[repr(u8)] differently when writing and reading";
    }
    return this.variants.flatMap(({ fields }) => fields).find(({ schema }) => schema.keyFault)
      ?.schema.keyFault;
  }
}

/** The tag of the enum at `at`, of however many bytes it has. */
export function readTag(
  reader: Reader,
  { layout: { tagBytes } }: VariantsSchema,
  at: number,
): number {
  // A view is dear: made for each call's method, it took a third of a busy server's time on Bun.
  if (tagBytes === 1) return reader.bytes[at]!;
  const { view } = reader;
  return tagBytes === 2 ? view.getUint16(at, true) : view.getUint32(at, true);
}

/** Write the tag of the enum at `at`. */
export function writeTag(
  { view }: Writer,
  { layout: { tagBytes } }: VariantsSchema,
  at: number,
  tag: number,
): void {
  if (tagBytes === 1) view.setUint8(at, tag);
  else if (tagBytes === 2) view.setUint16(at, tag, true);
  else view.setUint32(at, tag, true);
}

function schemasOf(spec: VariantSpec): readonly Schema<unknown>[] {
  if (spec === null) return [];
  if (isSchema(spec)) return [spec];
  return Array.isArray(spec) ? spec : Object.values(spec);
}

/** Facts about the native enum. */
export interface VariantsOptions {
  /** `"u8"` where the Rust enum is `#[repr(u8)]`, which lets it be the key of a hash map. */
  readonly repr?: "u8";
}

/**
 * An enum. Its variants' order is wire format: append only.
 *
 * | variant | value |
 * | --- | --- |
 * | `name: null` | `{ type: "name" }` |
 * | `name: schema` | `{ type: "name", value }` |
 * | `name: [a, b]` | `{ type: "name", value: [a, b] }` |
 * | `name: { x: a, y: b }` | `{ type: "name", x, y }` |
 *
 * Archived as a tag (1 byte up to 255 variants, then 2, then 4), then the variant's fields in
 * declaration order, each at its alignment. Rust: `rkyv_derive/src/archive.rs`, rkyv 0.7.46.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, f64, variants } from "@hardlight/hardlight/codec";
 *
 * const Shape = variants({ point: null, circle: { radius: f64 } });
 * const circle = { type: "circle", radius: 2 } as const;
 * assert.deepEqual(decode(Shape, encode(Shape, circle)), circle);
 * ```
 */
export function variants<const V extends Variants>(
  specs: V,
  options: VariantsOptions = {},
): Schema<InferVariants<V>> {
  for (const [name, spec] of Object.entries(specs)) {
    if (spec !== null && !isSchema(spec) && !Array.isArray(spec) && "type" in spec) {
      throw new TypeError(`Cannot name a field of variant ${name} "type": it tells variants apart`);
    }
  }
  return new VariantsSchema(specs, options.repr === "u8") as unknown as Schema<InferVariants<V>>;
}
