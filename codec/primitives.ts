/**
 * Integers, floats, `bool`, `char` and `()`.
 *
 * @module
 */
import type { Niche } from "./layout.ts";
import type { Reader } from "./reader.ts";
import { type Path, refuse, Schema } from "./schema.ts";
import type { SeaHasher } from "./sea_hash.ts";
import type { Writer } from "./writer.ts";

/** Thrown on the hot path; {@linkcode Schema.accept} then says what is wrong. */
export const BAD_VALUE: Error = new TypeError("Cannot encode the value");

abstract class Scalar<T> extends Schema<T> {
  readonly kind: string;
  readonly size: number;
  readonly align: number;
  readonly niche: Niche | undefined = undefined;
  readonly flat = true;

  constructor(kind: string, size: number, align: number = size) {
    super();
    this.kind = kind;
    this.size = size;
    this.align = align;
  }

  serialize(_writer: Writer, _value: T): void {}

  check(reader: Reader, at: number): void {
    this.read(reader, at);
  }

  describe(): string {
    return this.kind;
  }

  override get footprint(): number {
    return this.size > 2 ? 24 : 0;
  }

  override get keyFault(): string | undefined {
    return undefined;
  }

  override compare(a: T, b: T): number {
    return a < b ? -1 : a > b ? 1 : 0;
  }
}

/** Kinds of integers that a `number` holds. */
export type SmallIntKind = "u8" | "u16" | "u32" | "i8" | "i16" | "i32" | "usize" | "isize";

/** An integer of up to 32 bits. */
export class SmallInt extends Scalar<number> {
  declare readonly kind: SmallIntKind;
  /** Least value. */
  readonly min: number;
  /** Greatest value. */
  readonly max: number;

  /** See {@linkcode u8} and its like. */
  constructor(kind: SmallIntKind, bytes: 1 | 2 | 4, signed: boolean) {
    super(kind, bytes);
    this.min = signed ? -(2 ** (8 * bytes - 1)) : 0;
    this.max = 2 ** (8 * bytes - (signed ? 1 : 0)) - 1;
  }

  resolve(writer: Writer, at: number, value: number): void {
    if (!Number.isInteger(value) || value < this.min || value > this.max) throw BAD_VALUE;
    if (this.size === 1) writer.bytes[at] = value;
    else if (this.size === 2) writer.view.setUint16(at, value, true);
    else writer.view.setInt32(at, value | 0, true);
  }

  read(reader: Reader, at: number): number {
    const { bytes } = reader;
    const value = this.size === 1
      ? bytes[at]!
      : this.size === 2
      ? bytes[at]! | (bytes[at + 1]! << 8)
      : reader.u32(at);
    // The upper half of the bit patterns is what a signed type calls negative.
    return value > this.max ? value + 2 * this.min : value;
  }

  accept(value: unknown, path: Path): void {
    if (
      typeof value !== "number" || !Number.isInteger(value) || value < this.min || value > this.max
    ) {
      refuse(path, `${this.kind}, an integer from ${this.min} to ${this.max}`, value);
    }
  }

  defaultValue(): number {
    return 0;
  }

  override hash(hasher: SeaHasher, value: number): void {
    if (this.size === 1) hasher.u8(value);
    else if (this.size === 2) hasher.u16(value);
    else hasher.u32(value);
  }

  override get keyFault(): string | undefined {
    if (this.kind === "usize" || this.kind === "isize") {
      return `rkyv hashes ${this.kind} as 8 bytes when writing and as 4 when reading`;
    }
    return undefined;
  }
}

/** Kinds of integers that take a `bigint`. */
export type BigIntKind = "u64" | "i64" | "u128" | "i128";

/** An integer of 64 or 128 bits. */
export class BigInteger extends Scalar<bigint> {
  declare readonly kind: BigIntKind;
  /** Least value. */
  readonly min: bigint;
  /** Greatest value. */
  readonly max: bigint;

  /** See {@linkcode u64} and its like. */
  constructor(kind: BigIntKind, bytes: 8 | 16, signed: boolean, align: number = bytes) {
    super(kind, bytes, align);
    this.min = signed ? -(1n << BigInt(8 * bytes - 1)) : 0n;
    this.max = (1n << BigInt(8 * bytes - (signed ? 1 : 0))) - 1n;
  }

  resolve(writer: Writer, at: number, value: bigint): void {
    if (typeof value !== "bigint" || value < this.min || value > this.max) throw BAD_VALUE;
    writer.view.setBigInt64(at, BigInt.asIntN(64, value), true);
    if (this.size === 16) writer.view.setBigInt64(at + 8, BigInt.asIntN(64, value >> 64n), true);
  }

  read(reader: Reader, at: number): bigint {
    const { view } = reader;
    if (this.size === 8) {
      return this.min < 0n ? view.getBigInt64(at, true) : view.getBigUint64(at, true);
    }
    const high = this.min < 0n ? view.getBigInt64(at + 8, true) : view.getBigUint64(at + 8, true);
    return (high << 64n) | view.getBigUint64(at, true);
  }

  accept(value: unknown, path: Path): void {
    if (typeof value !== "bigint" || value < this.min || value > this.max) {
      const advice = Number.isInteger(value) ? ` (write ${value}n)` : "";
      refuse(path, `${this.kind}, a bigint from ${this.min} to ${this.max}${advice}`, value);
    }
  }

  override describe(): string {
    return this.size === 16 && this.align === 8 ? `${this.kind}@8` : this.kind;
  }

  defaultValue(): bigint {
    return 0n;
  }

  override hash(hasher: SeaHasher, value: bigint): void {
    hasher.u64(value);
    if (this.size === 16) hasher.u64(value >> 64n);
  }
}

/** A float of 4 or 8 bytes. */
export class Float extends Scalar<number> {
  /** See {@linkcode f32} and {@linkcode f64}. */
  constructor(kind: "f32" | "f64") {
    super(kind, kind === "f32" ? 4 : 8);
  }

  resolve(writer: Writer, at: number, value: number): void {
    if (typeof value !== "number") throw BAD_VALUE;
    if (this.size === 4) writer.view.setFloat32(at, value, true);
    else writer.view.setFloat64(at, value, true);
  }

  read(reader: Reader, at: number): number {
    return this.size === 4 ? reader.view.getFloat32(at, true) : reader.view.getFloat64(at, true);
  }

  accept(value: unknown, path: Path): void {
    if (typeof value !== "number") refuse(path, `${this.kind}, a number`, value);
  }

  defaultValue(): number {
    return 0;
  }

  override get keyFault(): string | undefined {
    return `${this.kind} does not implement Hash in Rust`;
  }
}

class Bool extends Scalar<boolean> {
  override readonly niche: Niche = { available: 254, offset: 0, bytes: 1 };

  resolve(writer: Writer, at: number, value: boolean): void {
    if (typeof value !== "boolean") throw BAD_VALUE;
    writer.bytes[at] = value ? 1 : 0;
  }

  read(reader: Reader, at: number): boolean {
    const byte = reader.bytes[at]!;
    if (byte > 1) reader.fail("Bool", at, "0 or 1");
    return byte === 1;
  }

  accept(value: unknown, path: Path): void {
    if (typeof value !== "boolean") refuse(path, "bool, true or false", value);
  }

  defaultValue(): boolean {
    return false;
  }

  override hash(hasher: SeaHasher, value: boolean): void {
    hasher.u8(value ? 1 : 0);
  }
}

class Char extends Scalar<string> {
  override readonly niche: Niche = { available: 4_293_853_184, offset: 0, bytes: 4 };

  #scalar(value: unknown): number {
    if (typeof value !== "string") return -1;
    const point = value.codePointAt(0) ?? -1;
    const units = point > 0xffff ? 2 : 1;
    return value.length !== units || (point >= 0xd800 && point <= 0xdfff) ? -1 : point;
  }

  resolve(writer: Writer, at: number, value: string): void {
    const point = this.#scalar(value);
    if (point < 0) throw BAD_VALUE;
    writer.view.setUint32(at, point, true);
  }

  read(reader: Reader, at: number): string {
    const point = reader.view.getUint32(at, true);
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
      reader.fail("Char", at, "a Unicode scalar value");
    }
    return String.fromCodePoint(point);
  }

  accept(value: unknown, path: Path): void {
    if (this.#scalar(value) < 0) refuse(path, "char, a string of one Unicode scalar value", value);
  }

  defaultValue(): string {
    return "\0";
  }

  override hash(hasher: SeaHasher, value: string): void {
    hasher.u32(value.codePointAt(0)!);
  }

  override compare(a: string, b: string): number {
    return a.codePointAt(0)! - b.codePointAt(0)!;
  }
}

class Unit extends Scalar<void> {
  override get nullable(): boolean {
    return true;
  }

  resolve(_writer: Writer, _at: number, value: void): void {
    if (value !== undefined && value !== null) throw BAD_VALUE;
  }

  read(_reader: Reader, _at: number): void {}

  accept(value: unknown, path: Path): void {
    if (value !== undefined && value !== null) refuse(path, "unit, undefined", value);
  }

  defaultValue(): void {}

  override hash(_hasher: SeaHasher, _value: void): void {}

  override compare(): number {
    return 0;
  }
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
export const u8: Schema<number> = /* @__PURE__ */ new SmallInt("u8", 1, false);
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
export const u16: Schema<number> = /* @__PURE__ */ new SmallInt("u16", 2, false);
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
export const u32: Schema<number> = /* @__PURE__ */ new SmallInt("u32", 4, false);
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
export const i8: Schema<number> = /* @__PURE__ */ new SmallInt("i8", 1, true);
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
export const i16: Schema<number> = /* @__PURE__ */ new SmallInt("i16", 2, true);
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
export const i32: Schema<number> = /* @__PURE__ */ new SmallInt("i32", 4, true);
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
export const usize: Schema<number> = /* @__PURE__ */ new SmallInt("usize", 4, false);
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
export const isize: Schema<number> = /* @__PURE__ */ new SmallInt("isize", 4, true);
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
export const u64: Schema<bigint> = /* @__PURE__ */ new BigInteger("u64", 8, false);
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
export const i64: Schema<bigint> = /* @__PURE__ */ new BigInteger("i64", 8, true);
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
export const u128: Schema<bigint> = /* @__PURE__ */ new BigInteger("u128", 16, false);
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
export const i128: Schema<bigint> = /* @__PURE__ */ new BigInteger("i128", 16, true);
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
export const u128Align8: Schema<bigint> = /* @__PURE__ */ new BigInteger("u128", 16, false, 8);
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
export const i128Align8: Schema<bigint> = /* @__PURE__ */ new BigInteger("i128", 16, true, 8);
/**
 * `f32`: 4 bytes; a `number`, rounded to the nearest `f32` when encoded.
 *
 * A NaN comes back as a NaN; which of them (its sign and payload) is not kept, see {@linkcode f64}. All bits are
 * kept by {@linkcode f32Array}.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { encode, f32 } from "@hardlight/hardlight/codec";
 *
 * assert.deepEqual(encode(f32, 1.5), Uint8Array.of(0, 0, 192, 63));
 * ```
 */
export const f32: Schema<number> = /* @__PURE__ */ new Float("f32");
/**
 * `f64`: 8 bytes; a `number`.
 *
 * A NaN comes back as a NaN, but ECMAScript lets an engine choose its bits: Bun and Safari make each the
 * usual one (`7ff8000000000000`); Deno, Node and Chromium mostly keep sign and payload, not in arrays and
 * not a signalling one's. What must keep all bits goes into a {@linkcode f64Array} or a `u64`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { encode, f64 } from "@hardlight/hardlight/codec";
 *
 * assert.deepEqual(encode(f64, 1.5), Uint8Array.of(0, 0, 0, 0, 0, 0, 248, 63));
 * ```
 */
export const f64: Schema<number> = /* @__PURE__ */ new Float("f64");
/**
 * `bool`: 1 byte, 0 or 1.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { encode, bool } from "@hardlight/hardlight/codec";
 *
 * assert.deepEqual(encode(bool, true), Uint8Array.of(1));
 * ```
 */
export const bool: Schema<boolean> = /* @__PURE__ */ new Bool("bool", 1);
/**
 * `char`: 4 bytes; a `string` of one Unicode scalar value.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { encode, char } from "@hardlight/hardlight/codec";
 *
 * assert.deepEqual(encode(char, "é"), Uint8Array.of(233, 0, 0, 0));
 * ```
 */
export const char: Schema<string> = /* @__PURE__ */ new Char("char", 4);
/**
 * `()`: no bytes; `undefined`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { encode, unit } from "@hardlight/hardlight/codec";
 *
 * assert.deepEqual(encode(unit, undefined), Uint8Array.of());
 * ```
 */
export const unit: Schema<void> = /* @__PURE__ */ new Unit("unit", 0, 1);
