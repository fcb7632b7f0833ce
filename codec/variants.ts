/**
 * {@linkcode variants}.
 *
 * @module
 */
import type { Items } from "./fields.ts";
import type { AnySchema, Infer, Schema, Sum } from "./schema.ts";
import type { InferItems } from "./struct.ts";
import { sum, type Variants } from "./sums.ts";

export type { Variants, VariantSpec } from "./sums.ts";

/** The value of one variant, as {@linkcode variants} lists them. */
export type InferVariant<K, V> = V extends null ? { type: K }
  : V extends Schema<infer T> ? { type: K; value: T }
  : V extends Items ? { type: K; value: InferItems<V> }
  : { -readonly [P in "type" | keyof V]: P extends keyof V ? Infer<V[P]> : K };

/** The value of an enum with these variants: a union discriminated by `type`. */
export type InferVariants<V> = { [K in keyof V]: InferVariant<K, V[K]> }[keyof V];

/** An enum whose variants may have a field named `type`, as a call's arguments may. */
export function taggedSum(specs: Variants, own?: Partial<Pick<Sum, "reprU8">>): Sum {
  const schema = sum("variants", specs, true, {
    text: ({ of }) => `enum{${of(...schema.arms)}}`,
    ...own,
  });
  return schema;
}

/** Properties of the native enum. */
export interface VariantsOptions {
  /** `"u8"` if the Rust enum is `#[repr(u8)]`, which allows it as the key of a hash map. */
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
  return taggedSum(specs, { reprU8: options.repr === "u8" }) as AnySchema as Schema<
    InferVariants<V>
  >;
}
