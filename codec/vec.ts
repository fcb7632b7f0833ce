/**
 * {@linkcode vec} and {@linkcode boxSlice}.
 *
 * @module
 */
import { BAD_VALUE } from "./primitives.ts";
import type { Reader } from "./reader.ts";
import { type Path, refuse, Schema } from "./schema.ts";
import type { SeaHasher } from "./sea_hash.ts";
import type { Writer } from "./writer.ts";

/** Bytes of memory of a slot: in an array or an object. */
export const SLOT_BYTES = 8;

/** Write elements: all their parts, then the objects back to back. Returns where. */
export function serializeItems<T>(writer: Writer, item: Schema<T>, values: readonly T[]): number {
  const { size, align } = item;
  const bottom = writer.top;
  if (!item.flat) { for (let i = 0; i < values.length; i++) item.serialize(writer, values[i]!); }
  const start = writer.reserve(values.length * size, align);
  const cursor = writer.cursor;
  writer.cursor = bottom;
  for (let i = 0; i < values.length; i++) item.resolve(writer, start + i * size, values[i]!);
  writer.cursor = cursor;
  writer.top = bottom;
  return start;
}

/** Claim and read `length` elements. */
export function readItems<T>(
  reader: Reader,
  item: Schema<T>,
  base: number,
  offset: number,
  length: number,
): T[] {
  const { size, align } = item;
  const start = reader.claim(base, offset, length * size, align);
  reader.spend(length * (SLOT_BYTES + item.footprint), base);
  const { high } = reader;
  reader.high = start;
  const values = new Array<T>(length);
  for (let i = 0; i < length; i++) values[i] = item.read(reader, start + i * size);
  reader.low = start + length * size;
  reader.high = high;
  return values;
}

/** Claim and check `length` elements. */
export function checkItems(
  reader: Reader,
  item: Schema<unknown>,
  base: number,
  offset: number,
  length: number,
): number {
  const { size, align } = item;
  const start = reader.claim(base, offset, length * size, align);
  reader.spend(length * (SLOT_BYTES + item.footprint), base);
  const { high } = reader;
  reader.high = start;
  const depth = reader.path.length;
  for (let i = 0; i < length; i++) {
    reader.path[depth] = i;
    item.check(reader, start + i * size);
  }
  reader.path.length = depth;
  reader.low = start + length * size;
  reader.high = high;
  return start;
}

/** A schema of {@linkcode vec} or {@linkcode boxSlice}. */
export class Vec<T> extends Schema<T[]> {
  readonly kind: "vec" | "boxslice";
  readonly size = 8;
  readonly align = 4;
  readonly niche: undefined = undefined;
  readonly flat = false;
  /** How one element is archived. */
  readonly item: Schema<T>;

  /** See {@linkcode vec}. */
  constructor(item: Schema<T>, kind: "vec" | "boxslice" = "vec") {
    super();
    this.item = item;
    this.kind = kind;
  }

  override get footprint(): number {
    return 48;
  }

  serialize(writer: Writer, values: readonly T[]): void {
    if (!Array.isArray(values)) throw BAD_VALUE;
    writer.push(serializeItems(writer, this.item, values));
  }

  resolve(writer: Writer, at: number, values: readonly T[]): void {
    writer.setPointer(at, writer.take());
    writer.setU32(at + 4, values.length);
  }

  read(reader: Reader, at: number): T[] {
    const { view } = reader;
    return readItems(reader, this.item, at, view.getInt32(at, true), view.getUint32(at + 4, true));
  }

  check(reader: Reader, at: number): void {
    const { view } = reader;
    checkItems(reader, this.item, at, view.getInt32(at, true), view.getUint32(at + 4, true));
  }

  accept(value: unknown, path: Path): void {
    if (!Array.isArray(value)) refuse(path, "an array", value);
    for (let i = 0; i < value.length; i++) this.item.accept(value[i], [...path, i]);
  }

  describe(): string {
    return `${this.kind}<${this.item.describe()}>`;
  }

  defaultValue(): T[] {
    return [];
  }

  override hash(hasher: SeaHasher, values: readonly T[]): void {
    hasher.length(values.length);
    for (const value of values) this.item.hash(hasher, value);
  }

  override compare(a: readonly T[], b: readonly T[]): number {
    const length = Math.min(a.length, b.length);
    for (let i = 0; i < length; i++) {
      const order = this.item.compare(a[i]!, b[i]!);
      if (order !== 0) return order;
    }
    return a.length - b.length;
  }

  override get keyFault(): string | undefined {
    return this.item.keyFault;
  }
}

/**
 * `Vec<T>`: a relative pointer to the elements, then their count.
 *
 * | offset | bytes | field                                          |
 * | -----: | ----: | ---------------------------------------------- |
 * |      0 |     4 | `i32` distance from this field to the elements |
 * |      4 |     4 | `u32` element count                            |
 *
 * For `Vec<u8>` as a `Uint8Array` see {@linkcode bytes}.
 *
 * Rust: `rkyv/src/vec/mod.rs`, `ArchivedVec`, rkyv 0.7.46.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, u32, vec } from "@hardlight/hardlight/codec";
 *
 * assert.deepEqual(decode(vec(u32), encode(vec(u32), [1, 2, 3])), [1, 2, 3]);
 * ```
 *
 * @typeParam T The element type.
 * @param item How one element is archived.
 * @returns A schema for arrays of `T`.
 */
export function vec<T>(item: Schema<T>): Schema<T[]> {
  return new Vec(item);
}

/**
 * `Box<[T]>`: archived as {@linkcode vec} is.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { boxSlice, decode, encode, u32 } from "@hardlight/hardlight/codec";
 *
 * const schema = boxSlice(u32);
 * const value = [1, 2, 3];
 * assert.deepEqual(decode(schema, encode(schema, value)), value);
 * ```
 */
export function boxSlice<T>(item: Schema<T>): Schema<T[]> {
  return new Vec(item, "boxslice");
}
