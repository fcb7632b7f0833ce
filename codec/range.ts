/**
 * Ranges: {@linkcode range}, {@linkcode rangeInclusive} and the half-open ones.
 *
 * @module
 */
import { type InferFields, Struct } from "./struct.ts";
import type { Schema } from "./schema.ts";

/** A range with both ends. */
export interface Range<T> {
  /** Its first value. */
  start: T;
  /** Its end, exclusive or inclusive by the schema. */
  end: T;
}

class RangeSchema extends Struct {
  readonly #name: string;

  constructor(name: string, ends: Readonly<Record<string, Schema<unknown>>>) {
    super(ends, false);
    this.#name = name;
  }

  override describe(): string {
    return `${this.#name}<${Object.values(this.schemas)[0]!.describe()}>`;
  }

  override get keyFault(): string | undefined {
    return "this module does not hash ranges";
  }
}

function make<F extends Readonly<Record<string, Schema<unknown>>>>(
  name: string,
  ends: F,
): Schema<InferFields<F>> {
  return new RangeSchema(name, ends) as unknown as Schema<InferFields<F>>;
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
  return make("range", { start: bound, end: bound }) as unknown as Schema<Range<T>>;
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
  return make("rangeinc", { start: bound, end: bound }) as unknown as Schema<Range<T>>;
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
  return make("rangefrom", { start: bound }) as unknown as Schema<{ start: T }>;
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
  return make("rangeto", { end: bound }) as unknown as Schema<{ end: T }>;
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
  return make("rangetoinc", { end: bound }) as unknown as Schema<{ end: T }>;
}
