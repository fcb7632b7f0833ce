/**
 * Archives of rkyv 0.7, byte for byte: schemas, encoding, decoding, validation, views.
 *
 * Schemas are compiled to code where the environment allows it; the results are the same where it does not.
 *
 * @module
 */
export * from "./core.ts";
export { decode, validate } from "./decode.ts";
export { defaultOf } from "./default.ts";
export { encode, encodeInto, type EncodeLimits } from "./encode.ts";
export { toRust } from "./rust.ts";
export { signature } from "./signature.ts";
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
