/**
 * {@linkcode tuple} and {@linkcode tupleStruct}.
 *
 * @module
 */
import {
  checkFields,
  type Field,
  type Keyed,
  readFields,
  resolveFields,
  serializeFields,
} from "./fields.ts";
import { type FieldsLayout, type Niche, structLayout, tupleLayout } from "./layout.ts";
import { BAD_VALUE } from "./primitives.ts";
import type { Reader } from "./reader.ts";
import { type Infer, isSchema, type Path, refuse, Schema } from "./schema.ts";
import type { SeaHasher } from "./sea_hash.ts";
import type { Writer } from "./writer.ts";

/** Schemas by position. */
export type Items = readonly Schema<unknown>[];

/** The value of a tuple of these schemas. */
export type InferItems<I extends Items> = { -readonly [K in keyof I]: Infer<I[K]> };

/** A schema of {@linkcode tuple} or {@linkcode tupleStruct}. */
export class Tuple extends Schema<readonly unknown[]> {
  readonly kind: "tuple" | "tstruct";
  /** Element schemas, in order. */
  readonly schemas: Items;
  #flat: boolean | undefined;
  #layout: FieldsLayout | undefined;
  #fields: readonly Field[] | undefined;

  /** See {@linkcode tuple}. */
  constructor(kind: "tuple" | "tstruct", schemas: Items) {
    super();
    if (!schemas.every(isSchema)) {
      throw new TypeError("Cannot make a tuple: an element is not a schema");
    }
    this.kind = kind;
    this.schemas = schemas;
  }

  /** Where the parts are. */
  get layout(): FieldsLayout {
    return this.#layout ??= (this.kind === "tuple" ? tupleLayout : structLayout)(this.schemas);
  }

  /** The elements with their places, in the order they are written: a tuple's last to first. */
  get fields(): readonly Field[] {
    if (this.#fields === undefined) {
      const fields = this.schemas.map((schema, key) => ({
        key,
        schema,
        offset: this.layout.offsets[key]!,
      }));
      this.#fields = this.kind === "tuple" ? fields.reverse() : fields;
    }
    return this.#fields;
  }

  get size(): number {
    return this.layout.size;
  }

  get align(): number {
    return this.layout.align;
  }

  get niche(): Niche | undefined {
    return this.layout.niche;
  }

  get flat(): boolean {
    return this.#flat ??= this.schemas.every((schema) => schema.flat);
  }

  #keyed(value: readonly unknown[]): Keyed {
    if (!Array.isArray(value) || value.length !== this.schemas.length) throw BAD_VALUE;
    return value as unknown as Keyed;
  }

  serialize(writer: Writer, value: readonly unknown[]): void {
    serializeFields(writer, this.fields, this.#keyed(value));
  }

  resolve(writer: Writer, at: number, value: readonly unknown[]): void {
    resolveFields(writer, this.fields, at, this.#keyed(value));
  }

  read(reader: Reader, at: number): readonly unknown[] {
    const target = new Array<unknown>(this.schemas.length).fill(undefined);
    readFields(reader, this.fields, at, target as unknown as Keyed);
    return target;
  }

  check(reader: Reader, at: number): void {
    checkFields(reader, this.fields, at);
  }

  accept(value: unknown, path: Path): void {
    if (!Array.isArray(value) || value.length !== this.schemas.length) {
      refuse(path, `an array of ${this.schemas.length}`, value);
    }
    for (const { key, schema } of this.fields) schema.accept(value[key as number], [...path, key]);
  }

  describe(): string {
    const items = this.schemas.map((schema) => schema.describe()).join(",");
    return this.kind === "tuple" ? `(${items})` : `struct(${items})`;
  }

  defaultValue(): readonly unknown[] {
    return this.schemas.map((schema) => schema.defaultValue());
  }

  override hash(hasher: SeaHasher, value: readonly unknown[]): void {
    this.schemas.forEach((schema, i) => schema.hash(hasher, value[i]));
  }

  override compare(a: readonly unknown[], b: readonly unknown[]): number {
    for (const [i, schema] of this.schemas.entries()) {
      const order = schema.compare(a[i], b[i]);
      if (order !== 0) return order;
    }
    return 0;
  }

  override get keyFault(): string | undefined {
    return this.schemas.find((schema) => schema.keyFault)?.keyFault;
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
