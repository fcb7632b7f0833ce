/**
 * Archives of rkyv 0.7, byte for byte: schemas, encoding, decoding, validation, views.
 *
 * Schemas are compiled to code if the environment allows it; otherwise they are interpreted, with the same results.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, option, string, struct, u32 } from "@hardlight/hardlight/codec";
 *
 * const User = struct({ id: u32, name: string, note: option(string) });
 * const archive = encode(User, { id: 7, name: "Ada", note: null }); // what rkyv 0.7 writes in Rust
 * assert.deepEqual(decode(User, archive), { id: 7, name: "Ada", note: null });
 * ```
 *
 * @module
 */
export * from "./declare.ts";
export { type AnySchema, isSchema } from "./schema.ts";
export { type DecodeLimits } from "./reader.ts";
export { cString } from "./c_string.ts";
export {
  f32Array,
  f64Array,
  i16Array,
  i32Array,
  i64Array,
  i8Array,
  u16Array,
  u32Array,
  u64Array,
} from "./typed_arrays.ts";
export { decode, validate } from "./decode.ts";
export { defaultOf } from "./default.ts";
export { encode, encodeInto, type EncodeLimits } from "./encode.ts";
export { toRust } from "./rust.ts";
export { signature } from "./check_use.ts";
export { materialize, view } from "./view.ts";
export type {
  HasMethods,
  ListView,
  MapView,
  SetView,
  TupleView,
  View,
  Viewed,
} from "./view_types.ts";
