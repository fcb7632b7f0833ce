/**
 * {@linkcode tuple} and {@linkcode tupleStruct}.
 *
 * @module
 */
import { Composite, type Field, type Items } from "./fields.ts";
import { type FieldsLayout, structLayout, tupleLayout } from "./layout.ts";
import type { Infer, Schema } from "./schema.ts";

export type { Items };

/** The value of a tuple of these schemas. */
export type InferItems<I extends Items> = { -readonly [K in keyof I]: Infer<I[K]> };

/** A schema of {@linkcode tuple} or {@linkcode tupleStruct}. */
export class Tuple extends Composite<Items> {
  readonly kind: "tuple" | "tstruct";
  #layout: FieldsLayout | undefined;
  #fields: readonly Field[] | undefined;

  /** See {@linkcode tuple}. */
  constructor(kind: "tuple" | "tstruct", schemas: Items) {
    super("a tuple", schemas);
    this.kind = kind;
  }

  /** Where the parts are. */
  get layout(): FieldsLayout {
    return this.#layout ??= (this.kind === "tuple" ? tupleLayout : structLayout)(this.schemas);
  }

  protected get offsets(): readonly number[] {
    return this.layout.offsets;
  }

  /** The elements with their places, in the order they are written: a tuple's last to first. */
  override get fields(): readonly Field[] {
    return this.#fields ??= this.kind === "tuple" ? [...this.declared].reverse() : this.declared;
  }

  describe(): string {
    return `${this.kind === "tuple" ? "" : "struct"}(${this.describeFields()})`;
  }
}

const MAX_TUPLE = 12;

/**
 * A tuple of 1 to 12 elements, as an array.
 *
 * rustc reorders all but the last element in memory; rkyv writes what lies out of line from the last
 * element to the first.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, string, tuple, u32 } from "@hardlight/hardlight/codec";
 *
 * const pair = tuple(string, u32);
 * assert.deepEqual(decode(pair, encode(pair, ["a", 1])), ["a", 1]);
 * ```
 */
export function tuple<const I extends Items>(...items: I): Schema<InferItems<I>> {
  if (items.length < 1 || items.length > MAX_TUPLE) {
    throw new RangeError(
      `Cannot make a tuple of ${items.length}: rkyv has them from 1 to ${MAX_TUPLE}`,
    );
  }
  return new Tuple("tuple", items) as unknown as Schema<InferItems<I>>;
}

/**
 * A struct with unnamed fields (`struct P(u8, u32)`), as an array; laid out and written as a {@linkcode struct}.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, tupleStruct, u32, u8 } from "@hardlight/hardlight/codec";
 *
 * const Point = tupleStruct(u8, u32);
 * assert.deepEqual(decode(Point, encode(Point, [1, 2])), [1, 2]);
 * ```
 */
export function tupleStruct<const I extends Items>(...items: I): Schema<InferItems<I>> {
  return new Tuple("tstruct", items) as unknown as Schema<InferItems<I>>;
}
