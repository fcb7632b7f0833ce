/**
 * {@linkcode convert}, {@linkcode withDefault} and {@linkcode nonZero}.
 *
 * @module
 */
import { interpret, readArchive, writeArchive } from "./archive.ts";
import type { Niche } from "./layout.ts";
import { Reader } from "./reader.ts";
import type { Conversion, Node, Schema, Wrapper } from "./schema.ts";
import { Writer } from "./writer.ts";

export type { Conversion };

/** A type archived as another is, byte for byte. */
function wrap<T>(
  kind: Wrapper["kind"],
  item: Schema<never>,
  { write, read }: Pick<Schema<T>, "write" | "read">,
  own: Pick<Wrapper, "hasDefault"> & {
    readonly conversion?: Conversion<T, never>;
    readonly niche?: Niche;
  } = {},
): Schema<T> {
  const schema: Wrapper = {
    kind,
    item: item as Schema<unknown>,
    conversion: own.conversion as Conversion<unknown, unknown> | undefined,
    hasDefault: own.hasDefault,
    functions: undefined,
    get size() {
      return item.size;
    },
    get align() {
      return item.align;
    },
    get niche() {
      return own.niche ?? item.niche;
    },
    get flat() {
      return item.flat;
    },
    get nullable() {
      return item.nullable;
    },
    write: write as Schema<unknown>["write"],
    read,
  };
  return schema as Schema<unknown> as Schema<T>;
}

/**
 * A type of your own, archived as another.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { convert, decode, encode, i64 } from "@hardlight/hardlight/codec";
 *
 * const date = convert(i64, {
 *   expected: "a Date",
 *   decode: (ms) => new Date(Number(ms)),
 *   encode: (date: Date) => BigInt(date.getTime()),
 * });
 * assert.deepEqual(decode(date, encode(date, new Date(7))), new Date(7));
 * ```
 */
export function convert<T, U>(inner: Schema<U>, conversion: Conversion<T, U>): Schema<T> {
  return wrap<T>("convert", inner as Schema<unknown> as Schema<never>, {
    write(writer: Writer, at, value) {
      let converted: U;
      try {
        converted = conversion.encode(value);
      } catch {
        writer.refuse(conversion.expected, value);
      }
      inner.write(writer, at, converted);
    },
    read(reader, at) {
      const value = inner.read(reader, at);
      return reader.converts ? conversion.decode(value) : value as unknown as T;
    },
  }, { conversion: conversion as unknown as Conversion<T, never> });
}

/**
 * The same type with another default, for a field of connection state whose Rust type has a `Default` of its own.
 * Not part of the wire.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { defaultOf, u32, withDefault } from "@hardlight/hardlight/codec";
 *
 * assert.equal(defaultOf(withDefault(u32, 7)), 7);
 * ```
 */
export function withDefault<T>(schema: Schema<T>, value: T): Schema<T> {
  const writer = new Writer();
  const length = writeArchive(interpret, schema, writer, value);
  // A copy each, so that nobody shares what may be changed in place.
  const copy = (): T => {
    const reader = new Reader();
    reader.reset(writer.bytes);
    return readArchive(interpret, schema, reader, 0, length);
  };
  const conversion: Conversion<T, T> = {
    expected: schema.kind,
    decode: (value) => value,
    encode: (value) => value,
  };
  return wrap<T>("convert", schema as Schema<unknown> as Schema<never>, {
    write: (writer, at, value) => schema.write(writer, at, value),
    read: (reader, at) => reader.isDefault ? copy() : schema.read(reader, at),
  }, { conversion: conversion as unknown as Conversion<T, never>, hasDefault: true });
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
  if (!("min" in (integer as Schema<unknown> as Node))) {
    throw new TypeError(`Cannot make ${integer.kind} non-zero: expected an integer`);
  }
  return wrap<T>("nonzero", integer as Schema<unknown> as Schema<never>, {
    write(writer, at, value) {
      integer.write(writer, at, value);
      if (Number(value) === 0) writer.refuse(`${integer.kind} but not 0`, value);
    },
    read(reader, at) {
      const value = integer.read(reader, at);
      if (Number(value) === 0) reader.fail("NonZero", at, "anything but 0");
      return value;
    },
  }, { niche: { available: 1, offset: 0, bytes: integer.size } });
}
