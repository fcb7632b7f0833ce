/**
 * Ranges: {@linkcode range}, {@linkcode rangeInclusive} and the half-open ones.
 *
 * @module
 */
import { signature } from "./signature.ts";
import { composite } from "./struct.ts";
import { structLayout } from "./layout.ts";
import type { AnySchema, Schema } from "./schema.ts";

/** A range with both ends. */
export interface Range<T> {
  /** Its first value. */
  start: T;
  /** Its end, exclusive or inclusive by the schema. */
  end: T;
}

function make<R>(name: string, ends: Readonly<Record<string, AnySchema>>): Schema<R> {
  const text = (): string => `${name}<${signature(Object.values(ends)[0]!)}>`;
  return composite("struct", name, ends, structLayout, { name, text }) as AnySchema as Schema<R>;
}

/**
 * `Range<T>` (`a..b`): `{ start, end }`, laid out as a struct.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, range, u32 } from "@hardlight/hardlight/codec";
 *
 * const schema = range(u32);
 * const value = { start: 1, end: 5 };
 * assert.deepEqual(decode(schema, encode(schema, value)), value);
 * ```
 */
export function range<T>(bound: Schema<T>): Schema<Range<T>> {
  return make("range", { start: bound, end: bound });
}

/**
 * `RangeInclusive<T>` (`a..=b`): `{ start, end }`, laid out as a struct.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, rangeInclusive, u32 } from "@hardlight/hardlight/codec";
 *
 * const schema = rangeInclusive(u32);
 * const value = { start: 1, end: 5 };
 * assert.deepEqual(decode(schema, encode(schema, value)), value);
 * ```
 */
export function rangeInclusive<T>(bound: Schema<T>): Schema<Range<T>> {
  return make("rangeinc", { start: bound, end: bound });
}

/**
 * `RangeFrom<T>` (`a..`): `{ start }`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, rangeFrom, u32 } from "@hardlight/hardlight/codec";
 *
 * const schema = rangeFrom(u32);
 * const value = { start: 1 };
 * assert.deepEqual(decode(schema, encode(schema, value)), value);
 * ```
 */
export function rangeFrom<T>(bound: Schema<T>): Schema<{ start: T }> {
  return make("rangefrom", { start: bound });
}

/**
 * `RangeTo<T>` (`..b`): `{ end }`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, rangeTo, u32 } from "@hardlight/hardlight/codec";
 *
 * const schema = rangeTo(u32);
 * const value = { end: 5 };
 * assert.deepEqual(decode(schema, encode(schema, value)), value);
 * ```
 */
export function rangeTo<T>(bound: Schema<T>): Schema<{ end: T }> {
  return make("rangeto", { end: bound });
}

/**
 * `RangeToInclusive<T>` (`..=b`): `{ end }`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, rangeToInclusive, u32 } from "@hardlight/hardlight/codec";
 *
 * const schema = rangeToInclusive(u32);
 * const value = { end: 5 };
 * assert.deepEqual(decode(schema, encode(schema, value)), value);
 * ```
 */
export function rangeToInclusive<T>(bound: Schema<T>): Schema<{ end: T }> {
  return make("rangetoinc", { end: bound });
}
