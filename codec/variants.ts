/**
 * {@linkcode variants}.
 *
 * @module
 */
import { Composite, type Fields, type Items, type Keyed } from "./fields.ts";
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
import type { InferItems } from "./tuple.ts";
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

/**
 * One variant of an enum: archived as the whole enum is, while the value is the variant's fields.
 *
 * Used by itself where the variant is known beforehand: a call's method.
 */
export class Variant extends Composite {
  readonly kind = "variant";
  /** The enum. */
  readonly owner: VariantsSchema;
  /** Its name, which is `type` of its values. */
  readonly name: string;
  /** Its tag: its index in declaration order. */
  readonly tag: number;
  /** Where its fields are kept: in the value itself, in its `value`, or as its `value`. */
  readonly shape: "unit" | "named" | "items" | "single";

  /** Create for a place in an enum. */
  constructor(owner: VariantsSchema, name: string, tag: number, spec: VariantSpec) {
    const isSingle = isSchema(spec);
    super(`variant ${name}`, isSingle ? { value: spec } : spec ?? {});
    this.owner = owner;
    this.name = name;
    this.tag = tag;
    this.shape = spec === null
      ? "unit"
      : isSingle
      ? "single"
      : Array.isArray(spec)
      ? "items"
      : "named";
  }

  /** Where the parts are. */
  get layout(): EnumLayout {
    return this.owner.layout;
  }

  protected get offsets(): readonly number[] {
    return this.layout.variants[this.tag]!;
  }

  override get footprint(): number {
    return super.footprint + (this.shape === "items" ? 32 : 0);
  }

  override serialize(writer: Writer, value: Keyed): void {
    if (!this.flat) super.serialize(writer, value);
  }

  override resolve(writer: Writer, at: number, value: Keyed): void {
    writeTag(writer, this.owner, at, this.tag);
    super.resolve(writer, at, value);
  }

  #checkTag(reader: Reader, at: number): void {
    if (readTag(reader, this.owner, at) !== this.tag) {
      reader.fail("InvalidTag", at, `tag ${this.tag}`);
    }
  }

  override read(reader: Reader, at: number, target?: Keyed): Keyed {
    this.#checkTag(reader, at);
    return super.read(reader, at, target);
  }

  override check(reader: Reader, at: number): void {
    this.#checkTag(reader, at);
    super.check(reader, at);
  }

  override accept(value: unknown, path: Path): void {
    if (this.shape !== "unit" || value !== undefined) super.accept(value, path);
  }

  describe(): string {
    return this.owner.describe();
  }

  /** The variant as it stands in {@linkcode VariantsSchema.describe}. */
  describeOne(): string {
    const { schemas } = this;
    const fields = this.shape === "single"
      ? `(${Object.values(schemas)[0]!.describe()})`
      : Array.isArray(schemas)
      ? `(${this.describeFields()})`
      : this.shape === "unit"
      ? ""
      : `{${this.describeFields()}}`;
    return describeName(this.name) + fields;
  }
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
  /** The variants in declaration order. */
  readonly variants: readonly Variant[];
  readonly #byName: ReadonlyMap<unknown, Variant>;
  #flat: boolean | undefined;
  #footprint: number | undefined;
  #layout: EnumLayout | undefined;

  /** See {@linkcode variants}. */
  constructor(specs: Variants, reprU8: boolean) {
    super();
    checkNames("variant", Object.keys(specs));
    this.specs = specs;
    this.reprU8 = reprU8;
    this.variants = Object.entries(specs).map(([name, spec], tag) => {
      if (typeof spec !== "object") {
        throw new TypeError(
          `Cannot make variant ${name}: expected null, a schema, an array or an object of schemas`,
        );
      }
      return new Variant(this, name, tag, spec);
    });
    if (this.variants.length === 0) throw new TypeError("Cannot make variants: there are none");
    this.#byName = new Map(this.variants.map((variant) => [variant.name, variant]));
  }

  /** Where the parts are. */
  get layout(): EnumLayout {
    return this.#layout ??= enumLayout(
      this.variants.map(({ schemas }) => Object.values(schemas)),
    );
  }

  #variant(value: Tagged): Variant {
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
    return this.#flat ??= this.variants.every((variant) => variant.flat);
  }

  /** That of the largest variant, whichever it is. */
  override get footprint(): number {
    return this.#footprint ??= 8 + Math.max(...this.variants.map((variant) => variant.footprint));
  }

  serialize(writer: Writer, value: Tagged): void {
    const variant = this.#variant(value);
    variant.serialize(writer, payload(variant, value));
  }

  resolve(writer: Writer, at: number, value: Tagged): void {
    const variant = this.#variant(value);
    variant.resolve(writer, at, payload(variant, value));
  }

  #tag(reader: Reader, at: number): Variant {
    return this.variants[readTag(reader, this, at)] ??
      reader.fail("InvalidTag", at, `a tag below ${this.variants.length}`);
  }

  read(reader: Reader, at: number): Tagged {
    const variant = this.#tag(reader, at);
    const type = variant.name;
    if (variant.shape === "items") return { type, value: variant.read(reader, at) };
    return variant.read(reader, at, { type }) as Tagged;
  }

  check(reader: Reader, at: number): void {
    const variant = this.#tag(reader, at);
    const inValue = variant.shape === "items";
    if (inValue) reader.path.push("value");
    variant.check(reader, at);
    if (inValue) reader.path.pop();
  }

  accept(value: unknown, path: Path): void {
    const names = this.variants.map(({ name }) => JSON.stringify(name)).slice(0, 8).join(", ");
    const record = asRecord(path, `an object whose type is one of ${names}`, value);
    const variant = this.#byName.get(record["type"]);
    if (variant === undefined) refuse([...path, "type"], `one of ${names}`, record["type"]);
    variant.accept(
      payload(variant, record as Tagged),
      variant.shape === "items" ? [...path, "value"] : path,
    );
  }

  describe(): string {
    return `enum{${this.variants.map((variant) => variant.describeOne()).join()}}`;
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
    variant.hash(hasher, payload(variant, value));
  }

  override compare(a: Tagged, b: Tagged): number {
    const variant = this.#variant(a);
    const other = this.#variant(b);
    if (variant !== other) return variant.tag - other.tag;
    return variant.compare(payload(variant, a), payload(variant, b));
  }

  override get keyFault(): string | undefined {
    if (!this.reprU8 && this.variants.length > 1) {
      return "rkyv hashes an enum that is not #[repr(u8)] differently when writing and reading";
    }
    return this.variants.find((variant) => variant.keyFault)?.keyFault;
  }
}

/** What of a tagged value is its variant's. */
function payload({ shape }: Variant, value: Tagged): Keyed {
  return shape === "items" ? value["value"] as Keyed : value;
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
