/**
 * {@linkcode convert}, {@linkcode withDefault} and {@linkcode nonZero}.
 *
 * @module
 */
import { appendArchive, interpret, readArchive } from "./archive.ts";
import { signature } from "./signature.ts";
import { laidOut, type Layout } from "./layout.ts";
import { Reader } from "./reader.ts";
import { type AnySchema, type Conversion, once, type Schema, type Wrapper } from "./schema.ts";
import { Writer } from "./writer.ts";

export type { Conversion };

/** A type with the same archive as another, byte for byte. */
function wrap<T>(
  kind: Wrapper["kind"],
  item: AnySchema,
  own:
    & Pick<Schema<T>, "write" | "read" | "text" | "parts">
    & Partial<Pick<Wrapper, "conversion" | "hasDefault">>,
  layout: () => Layout = () => item,
): Schema<T> {
  const schema = {
    kind,
    item,
    get nullable() {
      return item.nullable;
    },
  };
  return laidOut(layout, Object.assign(schema, own)) as AnySchema as Schema<T>;
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
  return wrap<T>("convert", inner, {
    conversion: conversion as Conversion<unknown, unknown>,
    text: () => signature(inner),
    write(writer, at, value) {
      let converted: U;
      try {
        converted = conversion.encode(value);
      } catch {
        return writer.refuse(conversion.expected, value);
      }
      inner.write(writer, at, converted);
    },
    read(reader, at) {
      const value = inner.read(reader, at);
      return reader.converts ? conversion.decode(value) : value as unknown as T;
    },
  });
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
  const archive = once(() => {
    const writer = new Writer();
    appendArchive(interpret, schema, writer, value);
    return writer.written().slice();
  });
  // A copy each, because the value may be mutable.
  const copy = (): T => {
    const reader = new Reader();
    reader.reset(archive());
    return readArchive(interpret, schema, reader, 0, reader.bytes.length);
  };
  const conversion: Conversion<unknown, unknown> = {
    // checkSchema() tells of one that is missing.
    expected: schema?.kind,
    decode: (value) => value,
    encode: (value) => value,
  };
  return wrap<T>("convert", schema, {
    conversion,
    hasDefault: true,
    text: () => signature(schema),
    write: (writer, at, value) => schema.write(writer, at, value),
    read: (reader, at) => reader.isDefault ? copy() : schema.read(reader, at),
  });
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
  const schema = wrap<T>("nonzero", integer, {
    parts: [integer as AnySchema],
    write(writer, at, value) {
      integer.write(writer, at, value);
      if (Number(value) === 0) writer.refuse(schema, value);
    },
    read(reader, at) {
      const value = integer.read(reader, at);
      if (Number(value) === 0) reader.fail("NonZero", at);
      return value;
    },
  }, () => {
    const { size, align } = integer;
    return { size, align, niche: [1, 0, size] };
  });
  return schema;
}
