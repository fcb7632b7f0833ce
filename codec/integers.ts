/**
 * Integers of up to 32 bits: a `number`.
 *
 * @module
 */
import type { Integer, IntegerKind, Schema } from "./schema.ts";
import { leaf } from "./scalars.ts";

function integer(kind: IntegerKind, size: 1 | 2 | 4, min = 0): Integer {
  const max = min + 2 ** (8 * size) - 1;
  const schema: Schema<number> & { readonly kind: IntegerKind } = leaf<number, IntegerKind>(
    kind,
    size,
    size,
    (writer, at, value) => {
      if (!Number.isInteger(value) || value < min || value > max) {
        writer.refuse(schema, value);
      }
      if (size === 4) writer.outView.setInt32(at, value, true);
      else if (size === 2) writer.outView.setUint16(at, value, true);
      else writer.out[at] = value;
    },
    size === 4 ? (reader, at) => min ? reader.i32(at) : reader.i32(at) >>> 0 : ({ bytes }, at) => {
      const value = bytes[at]! | (size === 2 ? bytes[at + 1]! << 8 : 0);
      return value > max ? value + 2 * min : value;
    },
  );
  return Object.assign(schema, { min, max });
}

/**
 * `u8`: 1 byte; a `number` from 0 to 255.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { encode, u8 } from "@hardlight/hardlight/codec";
 *
 * assert.deepEqual(encode(u8, 255), Uint8Array.of(255));
 * ```
 */
export const u8: Schema<number> = /* @__PURE__ */ integer("u8", 1);
/**
 * `u16`: 2 bytes, little-endian; a `number` from 0 to 65,535.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { encode, u16 } from "@hardlight/hardlight/codec";
 *
 * assert.deepEqual(encode(u16, 513), Uint8Array.of(1, 2));
 * ```
 */
export const u16: Schema<number> = /* @__PURE__ */ integer("u16", 2);
/**
 * `u32`: 4 bytes, little-endian; a `number` from 0 to 2³² − 1.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { encode, u32 } from "@hardlight/hardlight/codec";
 *
 * assert.deepEqual(encode(u32, 513), Uint8Array.of(1, 2, 0, 0));
 * ```
 */
export const u32: Schema<number> = /* @__PURE__ */ integer("u32", 4);
/**
 * `i8`: 1 byte; a `number` from −128 to 127.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { encode, i8 } from "@hardlight/hardlight/codec";
 *
 * assert.deepEqual(encode(i8, -1), Uint8Array.of(255));
 * ```
 */
export const i8: Schema<number> = /* @__PURE__ */ integer("i8", 1, -0x80);
/**
 * `i16`: 2 bytes, little-endian; a `number` from −32,768 to 32,767.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { encode, i16 } from "@hardlight/hardlight/codec";
 *
 * assert.deepEqual(encode(i16, -2), Uint8Array.of(254, 255));
 * ```
 */
export const i16: Schema<number> = /* @__PURE__ */ integer("i16", 2, -0x8000);
/**
 * `i32`: 4 bytes, little-endian; a `number` from −2³¹ to 2³¹ − 1.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { encode, i32 } from "@hardlight/hardlight/codec";
 *
 * assert.deepEqual(encode(i32, -2), Uint8Array.of(254, 255, 255, 255));
 * ```
 */
export const i32: Schema<number> = /* @__PURE__ */ integer("i32", 4, -0x8000_0000);
/**
 * `usize`: 4 bytes on the wire, as `u32` (rkyv's `size_32`).
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { encode, usize } from "@hardlight/hardlight/codec";
 *
 * assert.deepEqual(encode(usize, 513), Uint8Array.of(1, 2, 0, 0));
 * ```
 */
export const usize: Schema<number> = /* @__PURE__ */ integer("usize", 4);
/**
 * `isize`: 4 bytes on the wire, as `i32` (rkyv's `size_32`).
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { encode, isize } from "@hardlight/hardlight/codec";
 *
 * assert.deepEqual(encode(isize, -2), Uint8Array.of(254, 255, 255, 255));
 * ```
 */
export const isize: Schema<number> = /* @__PURE__ */ integer("isize", 4, -0x8000_0000);
