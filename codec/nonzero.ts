/**
 * {@linkcode nonZero}.
 *
 * @module
 */
import type { Niche } from "./layout.ts";
import { BAD_VALUE, BigInteger, SmallInt } from "./primitives.ts";
import type { Reader } from "./reader.ts";
import { type Path, refuse, Schema } from "./schema.ts";
import type { SeaHasher } from "./sea_hash.ts";
import type { Writer } from "./writer.ts";

class NonZero<T extends number | bigint> extends Schema<T> {
  readonly kind = "nonzero";
  readonly inner: Schema<T>;
  readonly size: number;
  readonly align: number;
  readonly niche: Niche;
  readonly flat = true;

  constructor(inner: Schema<T>) {
    super();
    this.inner = inner;
    this.size = inner.size;
    this.align = inner.align;
    this.niche = { available: 1, offset: 0, bytes: inner.size };
  }

  serialize(): void {}

  resolve(writer: Writer, at: number, value: T): void {
    if (Number(value) === 0) throw BAD_VALUE;
    this.inner.resolve(writer, at, value);
  }

  read(reader: Reader, at: number): T {
    const value = this.inner.read(reader, at);
    if (Number(value) === 0) reader.fail("NonZero", at, "anything but 0");
    return value;
  }

  check(reader: Reader, at: number): void {
    this.read(reader, at);
  }

  accept(value: unknown, path: Path): void {
    this.inner.accept(value, path);
    if (Number(value) === 0) refuse(path, `${this.inner.kind} but not 0`, value);
  }

  describe(): string {
    return `nonzero<${this.inner.describe()}>`;
  }

  defaultValue(): T {
    throw new TypeError("Cannot default a non-zero integer: Rust's has no Default");
  }

  override hash(hasher: SeaHasher, value: T): void {
    this.inner.hash(hasher, value);
  }

  override compare(a: T, b: T): number {
    return this.inner.compare(a, b);
  }

  override get keyFault(): string | undefined {
    return this.inner.keyFault;
  }
}

/**
 * `NonZeroU8` and its like: the integer, which is never 0.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, nonZero, u32 } from "@hardlight/hardlight/codec";
 *
 * const schema = nonZero(u32);
 * const value = 7;
 * assert.deepEqual(decode(schema, encode(schema, value)), value);
 * ```
 */
export function nonZero<T extends number | bigint>(integer: Schema<T>): Schema<T> {
  const schema: Schema<unknown> = integer;
  if (!(schema instanceof SmallInt || schema instanceof BigInteger)) {
    throw new TypeError(`Cannot make ${integer.kind} non-zero: expected an integer`);
  }
  return new NonZero(integer);
}
