/**
 * Integers of 64 and 128 bits: a `bigint`.
 *
 * @module
 */
import { viewOf } from "./reader.ts";
import type { BigInteger, BigIntegerKind, Schema } from "./schema.ts";
import { leaf } from "./scalars.ts";

function bigInteger(
  kind: BigIntegerKind,
  size: 8 | 16,
  signed: boolean,
  align: number = size,
): BigInteger {
  const min = signed ? -(1n << BigInt(8 * size - 1)) : 0n;
  const max = min + (1n << BigInt(8 * size)) - 1n;
  const schema: Schema<bigint> = leaf<bigint, BigIntegerKind>(
    kind,
    size,
    align,
    (writer, at, value) => {
      if (typeof value !== "bigint" || value < min || value > max) {
        writer.refuse(schema, value);
      }
      const { outView } = writer;
      // It keeps the lowest 64 bits.
      outView.setBigInt64(at, value, true);
      if (size === 16) outView.setBigInt64(at + 8, value >> 64n, true);
    },
    (reader, at) => {
      const view = viewOf(reader);
      const last = at + size - 8;
      const high = signed ? view.getBigInt64(last, true) : view.getBigUint64(last, true);
      return size === 8 ? high : (high << 64n) | view.getBigUint64(at, true);
    },
    { text: () => align < size ? `${kind}@8` : kind },
  );
  return Object.assign(schema, { kind, min, max });
}

/**
 * `u64`: 8 bytes, little-endian; a `bigint`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { encode, u64 } from "@hardlight/hardlight/codec";
 *
 * assert.deepEqual(encode(u64, 513n), Uint8Array.of(1, 2, 0, 0, 0, 0, 0, 0));
 * ```
 */
export const u64: Schema<bigint> = /* @__PURE__ */ bigInteger("u64", 8, false);
/**
 * `i64`: 8 bytes, little-endian; a `bigint`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { encode, i64 } from "@hardlight/hardlight/codec";
 *
 * assert.deepEqual(encode(i64, -1n), Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255));
 * ```
 */
export const i64: Schema<bigint> = /* @__PURE__ */ bigInteger("i64", 8, true);
/**
 * `u128`: 16 bytes, aligned to 16 as since Rust 1.77; a `bigint`. See {@linkcode u128Align8}.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, u128 } from "@hardlight/hardlight/codec";
 *
 * assert.equal(decode(u128, encode(u128, 2n ** 100n)), 2n ** 100n);
 * ```
 */
export const u128: Schema<bigint> = /* @__PURE__ */ bigInteger("u128", 16, false);
/**
 * `i128`: 16 bytes, aligned to 16 as since Rust 1.77; a `bigint`. See {@linkcode i128Align8}.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, i128 } from "@hardlight/hardlight/codec";
 *
 * assert.equal(decode(i128, encode(i128, -(2n ** 100n))), -(2n ** 100n));
 * ```
 */
export const i128: Schema<bigint> = /* @__PURE__ */ bigInteger("i128", 16, true);
/**
 * `u128` of x86-64 peers built before Rust 1.77, which aligned it to 8.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { encode, struct, u128, u128Align8, u8 } from "@hardlight/hardlight/codec";
 *
 * assert.equal(encode(struct({ a: u8, b: u128 }), { a: 1, b: 2n }).length, 32);
 * assert.equal(encode(struct({ a: u8, b: u128Align8 }), { a: 1, b: 2n }).length, 24);
 * ```
 */
export const u128Align8: Schema<bigint> = /* @__PURE__ */ bigInteger("u128", 16, false, 8);
/**
 * `i128` of x86-64 peers built before Rust 1.77, which aligned it to 8.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { encode, i128, i128Align8, struct, u8 } from "@hardlight/hardlight/codec";
 *
 * assert.equal(encode(struct({ a: u8, b: i128 }), { a: 1, b: -2n }).length, 32);
 * assert.equal(encode(struct({ a: u8, b: i128Align8 }), { a: 1, b: -2n }).length, 24);
 * ```
 */
export const i128Align8: Schema<bigint> = /* @__PURE__ */ bigInteger("i128", 16, true, 8);
