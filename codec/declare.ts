/**
 * What the types of a service are declared with.
 *
 * @module
 */

export { CodecError, type CodecErrorCode } from "./errors.ts";
export { type Infer, type Schema } from "./schema.ts";
export { i16, i32, i8, isize, u16, u32, u8, usize } from "./integers.ts";
export { i128, i128Align8, i64, u128, u128Align8, u64 } from "./big_integers.ts";
export { bool, char, f32, f64, unit } from "./scalars.ts";
export { boxStr, string } from "./string.ts";
export { bytes } from "./bytes.ts";
export { array, boxSlice, vec } from "./vec.ts";
export {
  type Fields,
  type InferFields,
  type InferItems,
  type Items,
  struct,
  type StructOptions,
  tuple,
  tupleStruct,
} from "./struct.ts";
export {
  type InferVariant,
  type InferVariants,
  option,
  type Optional,
  type Result,
  result,
  type Variants,
  variants,
  type VariantsOptions,
  type VariantSpec,
} from "./sums.ts";
export { box, lazy } from "./box.ts";
export { type Conversion, convert, nonZero, withDefault } from "./convert.ts";
export { map, set } from "./hash_map.ts";
export { btreeMap, btreeSet } from "./btree_map.ts";
export { type Duration, duration } from "./time.ts";
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
} from "./addresses.ts";
