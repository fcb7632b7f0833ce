/**
 * {@linkcode struct}, {@linkcode tuple} and {@linkcode tupleStruct}.
 *
 * @module
 */
import { composite, type Fields, type Items } from "./fields.ts";
import { declaredLayout, structLayout, tupleLayout } from "./layout.ts";
import type { Infer, Schema } from "./schema.ts";

/** The value of a struct with these fields. */
export type InferFields<F> = { -readonly [K in keyof F]: Infer<F[K]> };

/** The value of a tuple of these schemas. */
export type InferItems<I extends Items> = { -readonly [K in keyof I]: Infer<I[K]> };

/** Options of a struct's layout. */
export interface StructOptions {
  /** `"C"` for peers with rkyv's `strict` feature: fields stay in declaration order. */
  readonly repr?: "C";
}

/**
 * A struct with named fields. Their order is wire format: append only.
 *
 * rustc reorders fields in memory, by the rules in `codec/layout.ts`. Out-of-line parts are written in declaration
 * order.
 *
 * A newtype (`struct Id(u32)`) has the archive of the wrapped type and needs no schema. For a tuple struct see
 * {@linkcode tupleStruct}.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { encode, struct, u16, u32, u8 } from "@hardlight/hardlight/codec";
 *
 * const schema = struct({ a: u8, b: u32, c: u16 });
 * assert.deepEqual(
 *   encode(schema, { a: 1, b: 2, c: 3 }),
 *   Uint8Array.of(2, 0, 0, 0, 3, 0, 1, 0), // memory order b, c, a
 * );
 * ```
 */
export function struct<const F extends Fields>(
  fields: F,
  options: StructOptions = {},
): Schema<InferFields<F>> {
  const schema = options.repr === "C"
    ? composite("struct", "struct@C", fields, declaredLayout, { reprC: true })
    : composite("struct", "struct", fields, structLayout);
  return schema as Schema<unknown> as Schema<InferFields<F>>;
}

/**
 * A tuple of 1 to 12 elements, as an array.
 *
 * rustc reorders all but the last element in memory; rkyv writes out-of-line parts from the last element to the first.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, string, tuple, u32 } from "@hardlight/hardlight/codec";
 *
 * const pair = tuple(string, u32);
 * assert.deepEqual(decode(pair, encode(pair, ["a", 1])), ["a", 1]);
 * ```
 */
export function tuple<const I extends Items>(...items: I): Schema<InferItems<I>> {
  return composite(
    "tuple",
    "",
    items,
    tupleLayout,
    {},
    (fields) => [...fields].reverse(),
  ) as Schema<unknown> as Schema<InferItems<I>>;
}

/**
 * A struct with unnamed fields (`struct P(u8, u32)`), as an array; laid out and written as a {@linkcode struct}.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, tupleStruct, u32, u8 } from "@hardlight/hardlight/codec";
 *
 * const Point = tupleStruct(u8, u32);
 * assert.deepEqual(decode(Point, encode(Point, [1, 2])), [1, 2]);
 * ```
 */
export function tupleStruct<const I extends Items>(...items: I): Schema<InferItems<I>> {
  return composite("tstruct", "struct", items, structLayout) as Schema<unknown> as Schema<
    InferItems<I>
  >;
}
