/**
 * Everything of the codec that a page needs: without what generates code.
 *
 * @module
 */

export { CodecError, type CodecErrorCode } from "./errors.ts";
export { type Infer, isSchema, Schema } from "./schema.ts";
export { type DecodeLimits } from "./reader.ts";
export { encode, encodeInto, type EncodeLimits } from "./encode.ts";
export { decode, validate } from "./decode.ts";
export { materialize, view } from "./view.ts";
export {
  type HasMethods,
  type ListView,
  type MapView,
  type SetView,
  type TupleView,
  type View,
  type Viewed,
} from "./view_types.ts";
export {
  bool,
  char,
  f32,
  f64,
  i128,
  i128Align8,
  i16,
  i32,
  i64,
  i8,
  isize,
  u128,
  u128Align8,
  u16,
  u32,
  u64,
  u8,
  unit,
  usize,
} from "./primitives.ts";
export { boxStr, string } from "./string.ts";
export { bytes } from "./bytes.ts";
export { boxSlice, vec } from "./vec.ts";
export { array } from "./array.ts";
export { option, type Optional } from "./option.ts";
export { type Result, result } from "./result.ts";
export { type Fields } from "./fields.ts";
export { type InferFields, struct, type StructOptions } from "./struct.ts";
export { type InferItems, type Items, tuple, tupleStruct } from "./tuple.ts";
export {
  type InferVariant,
  type InferVariants,
  type Variants,
  variants,
  type VariantsOptions,
  type VariantSpec,
} from "./variants.ts";
export { box, lazy } from "./box.ts";
export { type Conversion, convert, withDefault } from "./convert.ts";
export { map, set } from "./hash_map.ts";
export { btreeMap, btreeSet } from "./btree_map.ts";
export { type Duration, duration } from "./time.ts";
export { nonZero } from "./nonzero.ts";
export {
  type Range,
  range,
  rangeFrom,
  rangeInclusive,
  rangeTo,
  rangeToInclusive,
} from "./range.ts";
export {
  ip,
  ipv4,
  ipv6,
  socketAddr,
  type SocketAddrV4,
  socketAddrV4,
  type SocketAddrV6,
  socketAddrV6,
  uuid,
  type Versioned,
} from "./net.ts";
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
} from "./numbers.ts";
export { describe } from "./rust.ts";
