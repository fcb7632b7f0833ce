/**
 * {@linkcode variants}.
 *
 * @module
 */
import { checkNames, type Fields, type Items, type Keyed, readFields } from "./fields.ts";
import { type AnySchema, type Infer, isSchema, type Schema, type Sum } from "./schema.ts";
import type { InferItems } from "./struct.ts";
import type { Writer } from "./writer.ts";
import { type ArmSpec, sum, type SumValues } from "./sums.ts";

/** What a variant carries: nothing, one value, several by position, or several by name. */
export type VariantSpec = null | AnySchema | Items | Fields;

/** Variants by name, in declaration order: the order is wire format. */
export type Variants = Readonly<Record<string, VariantSpec>>;

/** The value of one variant, as {@linkcode variants} lists them. */
export type InferVariant<K, V> = V extends null ? { type: K }
  : V extends Schema<infer T> ? { type: K; value: T }
  : V extends Items ? { type: K; value: InferItems<V> }
  : { -readonly [P in "type" | keyof V]: P extends keyof V ? Infer<V[P]> : K };

/** The value of an enum with these variants: a union discriminated by `type`. */
export type InferVariants<V> = { [K in keyof V]: InferVariant<K, V[K]> }[keyof V];

const TAGGED: SumValues = {
  armOf: (arms, value) => armByName(arms, (Object(value) as Keyed)["type"]),
  carried: ({ shape }, value) => shape === "items" ? (value as Keyed)["value"] : value,
  refuse(writer: Writer, { arms }, value): never {
    const names = arms.map(({ name }) => JSON.stringify(name)).slice(0, 8).join(", ");
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      writer.refuse(`an object whose type is one of ${names}`, value);
    }
    writer.path[writer.steps++] = "type";
    writer.refuse(`one of ${names}`, (value as Keyed)["type"]);
  },
  read(reader, at, { name: type, shape, fields }) {
    if (shape !== "items") return readFields(reader, at, fields, { type });
    reader.path[reader.steps++] = "value";
    const items = new Array<unknown>(fields.length) as unknown as Keyed;
    const value = readFields(reader, at, fields, items);
    reader.steps--;
    return { type, value };
  },
};

/** Enums with more variants than this are searched by a map. */
const MAX_SCANNED = 8;
const maps = /* @__PURE__ */ new WeakMap<Sum["arms"], ReadonlyMap<unknown, Sum["arms"][number]>>();

function armByName(arms: Sum["arms"], type: unknown): Sum["arms"][number] | undefined {
  if (arms.length <= MAX_SCANNED) return arms.find(({ name }) => name === type);
  let map = maps.get(arms);
  if (map === undefined) maps.set(arms, map = new Map(arms.map((arm) => [arm.name, arm])));
  return map.get(type);
}

/** The arms of an enum, from what its variants carry. */
export function armsOf(specs: Variants): ArmSpec[] {
  checkNames("variant", Object.keys(specs));
  const arms = Object.entries(specs).map(([name, spec]): ArmSpec => {
    if (typeof spec !== "object") {
      throw new TypeError(
        `Cannot make variant ${name}: expected null, a schema, an array or an object of schemas`,
      );
    }
    if (spec === null) return { name, shape: "unit", schemas: {} };
    if (isSchema(spec)) return { name, shape: "single", schemas: { value: spec } };
    return {
      name,
      shape: Array.isArray(spec) ? "items" : "named",
      schemas: spec as Fields | Items,
    };
  });
  if (arms.length === 0) throw new TypeError("Cannot make variants: there are none");
  return arms;
}

/** An enum whose variants may have a field named `type`, as a call's arguments may. */
export function callVariants(specs: Variants): Sum {
  return sum("variants", armsOf(specs), TAGGED);
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
  return sum("variants", armsOf(specs), TAGGED, options.repr === "u8") as AnySchema as Schema<
    InferVariants<V>
  >;
}
