/**
 * Vectors of numbers as typed arrays: {@linkcode u32Array} and its like.
 *
 * Their bytes are copied unchanged, so the bits of a NaN are kept on every runtime.
 *
 * @module
 */
import { i64, u64 } from "./big_integers.ts";
import { signature } from "./signature.ts";
import { BUFFER_FOOTPRINT } from "./parts.ts";
import { i16, i32, i8, u16, u32 } from "./integers.ts";
import { f32, f64 } from "./scalars.ts";
import type { AnySchema, Schema, TypedArraySchema } from "./schema.ts";
import type { Writer } from "./writer.ts";

type TypedArray =
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

interface TypedArrayConstructor<A> {
  readonly name: string;
  readonly BYTES_PER_ELEMENT: number;
  new (length: number): A;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): A;
}

const IS_LITTLE_ENDIAN =
  /* @__PURE__ */ (() => new Uint8Array(Uint16Array.of(1).buffer)[0] === 1)();

function swapBytes(bytes: Uint8Array, width: number): void {
  for (let i = 0; i < bytes.length; i += width) bytes.subarray(i, i + width).reverse();
}

function typedArray<A extends TypedArray>(
  item: AnySchema,
  type: TypedArrayConstructor<A>,
): Schema<A> {
  const width = type.BYTES_PER_ELEMENT;
  const schema: TypedArraySchema = {
    kind: "numbers",
    size: 8,
    align: 4,
    memory: BUFFER_FOOTPRINT,
    item,
    text: () => `vec<${signature(item)}>`,
    write(writer: Writer, at, value) {
      if (!(value instanceof (type as unknown as new () => A))) {
        writer.refuse(`a ${type.name}`, value);
      }
      writer.reserve(0, width);
      const start = writer.position;
      writer.writeBytes(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
      if (!IS_LITTLE_ENDIAN) swapBytes(writer.bytes.subarray(start, writer.position), width);
      writer.slice(at, start, value.length);
    },
    read(reader, at) {
      const count = reader.u32(at + 4);
      const start = reader.claimBytes(at, count * width, width);
      if (count === 0) return new type(0);
      const { buffer, byteOffset } = reader.bytes;
      if (IS_LITTLE_ENDIAN && (byteOffset + start) % width === 0) {
        return new type(buffer, byteOffset + start, count).slice();
      }
      const values = new type(count);
      const copy = new Uint8Array(values.buffer);
      copy.set(reader.bytes.subarray(start, start + count * width));
      if (!IS_LITTLE_ENDIAN) swapBytes(copy, width);
      return values;
    },
  };
  return schema as AnySchema as Schema<A>;
}

/**
 * `Vec<i8>` as an `Int8Array`; for `Vec<u8>` see `bytes`. Copied in one piece, as are the others.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, i8Array } from "@hardlight/hardlight/codec";
 *
 * const values = Int8Array.of(-1, 2);
 * assert.deepEqual(decode(i8Array, encode(i8Array, values)), values);
 * ```
 */
export const i8Array: Schema<Int8Array> = /* @__PURE__ */ typedArray(i8, Int8Array);
/**
 * `Vec<u16>` as a `Uint16Array`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, u16Array } from "@hardlight/hardlight/codec";
 *
 * const values = Uint16Array.of(1, 65_535);
 * assert.deepEqual(decode(u16Array, encode(u16Array, values)), values);
 * ```
 */
export const u16Array: Schema<Uint16Array> = /* @__PURE__ */ typedArray(u16, Uint16Array);
/**
 * `Vec<i16>` as an `Int16Array`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, i16Array } from "@hardlight/hardlight/codec";
 *
 * const values = Int16Array.of(-1, 2);
 * assert.deepEqual(decode(i16Array, encode(i16Array, values)), values);
 * ```
 */
export const i16Array: Schema<Int16Array> = /* @__PURE__ */ typedArray(i16, Int16Array);
/**
 * `Vec<u32>` as a `Uint32Array`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, u32Array } from "@hardlight/hardlight/codec";
 *
 * const values = Uint32Array.of(1, 2);
 * assert.deepEqual(decode(u32Array, encode(u32Array, values)), values);
 * ```
 */
export const u32Array: Schema<Uint32Array> = /* @__PURE__ */ typedArray(u32, Uint32Array);
/**
 * `Vec<i32>` as an `Int32Array`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, i32Array } from "@hardlight/hardlight/codec";
 *
 * const values = Int32Array.of(-1, 2);
 * assert.deepEqual(decode(i32Array, encode(i32Array, values)), values);
 * ```
 */
export const i32Array: Schema<Int32Array> = /* @__PURE__ */ typedArray(i32, Int32Array);
/**
 * `Vec<u64>` as a `BigUint64Array`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, u64Array } from "@hardlight/hardlight/codec";
 *
 * const values = BigUint64Array.of(1n, 2n);
 * assert.deepEqual(decode(u64Array, encode(u64Array, values)), values);
 * ```
 */
export const u64Array: Schema<BigUint64Array> = /* @__PURE__ */ typedArray(u64, BigUint64Array);
/**
 * `Vec<i64>` as a `BigInt64Array`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, i64Array } from "@hardlight/hardlight/codec";
 *
 * const values = BigInt64Array.of(-1n, 2n);
 * assert.deepEqual(decode(i64Array, encode(i64Array, values)), values);
 * ```
 */
export const i64Array: Schema<BigInt64Array> = /* @__PURE__ */ typedArray(i64, BigInt64Array);
/**
 * `Vec<f32>` as a `Float32Array`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, f32Array } from "@hardlight/hardlight/codec";
 *
 * const values = Float32Array.of(0.5, -2);
 * assert.deepEqual(decode(f32Array, encode(f32Array, values)), values);
 * ```
 */
export const f32Array: Schema<Float32Array> = /* @__PURE__ */ typedArray(f32, Float32Array);
/**
 * `Vec<f64>` as a `Float64Array`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, f64Array } from "@hardlight/hardlight/codec";
 *
 * const values = Float64Array.of(0.1, -2);
 * assert.deepEqual(decode(f64Array, encode(f64Array, values)), values);
 * ```
 */
export const f64Array: Schema<Float64Array> = /* @__PURE__ */ typedArray(f64, Float64Array);
