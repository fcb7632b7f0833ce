/**
 * {@linkcode vec}, {@linkcode boxSlice} and {@linkcode array}.
 *
 * @module
 */
import { signature } from "./signature.ts";
import { isNumber, itemFootprint, spend } from "./parts.ts";
import { laidOut, type Layout } from "./layout.ts";
import { leave, type Reader, viewOf } from "./reader.ts";
import { type AnySchema, type Integer, type List, type Node, once, type Schema } from "./schema.ts";
import type { Writer } from "./writer.ts";

/** Write numbers in a specialized loop, which takes a fraction of the time; `false` if one is invalid. Floats have no bounds. */
function writeNumbers(
  { outView }: Writer,
  at: number,
  { size, min, max }: Integer,
  values: readonly unknown[],
): boolean {
  for (let i = 0; i < values.length; i++, at += size) {
    const value = values[i];
    if (typeof value !== "number") return false;
    if (min === undefined) {
      if (size === 4) outView.setFloat32(at, value, true);
      else outView.setFloat64(at, value, true);
      continue;
    }
    if (!Number.isInteger(value) || value < min || value > max) return false;
    if (size === 1) outView.setUint8(at, value);
    else if (size === 2) outView.setUint16(at, value, true);
    else outView.setInt32(at, value | 0, true);
  }
  return true;
}

function readNumbers(
  reader: Reader,
  at: number,
  { size, min, max }: Integer,
  length: number,
): unknown[] {
  const view = viewOf(reader);
  const values = new Array<number>(length);
  for (let i = 0; i < length; i++, at += size) {
    const value = size === 8
      ? view.getFloat64(at, true)
      : min === undefined
      ? view.getFloat32(at, true)
      : size === 4
      ? view.getUint32(at, true)
      : size === 2
      ? view.getUint16(at, true)
      : view.getUint8(at);
    // A float has no bounds, and is never above them.
    values[i] = value > max ? value + 2 * min : value;
  }
  return values;
}

function writeItems(
  writer: Writer,
  at: number,
  item: AnySchema,
  values: readonly unknown[],
): void {
  // Invalid numbers are found again and reported below.
  if (isNumber(item as Node) && writeNumbers(writer, at, item as Integer, values)) return;
  const { size } = item;
  const step = writer.steps++;
  for (let i = 0; i < values.length; i++) {
    writer.path[step] = i;
    item.write(writer, at + i * size, values[i]);
  }
  writer.steps = step;
}

function readItems(reader: Reader, at: number, item: AnySchema, length: number): unknown[] {
  if (isNumber(item as Node)) return readNumbers(reader, at, item as Integer, length);
  const { size } = item;
  const values = new Array<unknown>(length);
  const step = reader.steps++;
  for (let i = 0; i < length; i++) {
    reader.path[step] = i;
    values[i] = item.read(reader, at + i * size);
  }
  reader.steps = step;
  return values;
}

function list<T>(kind: "vec" | "boxslice", item: Schema<T>): Schema<T[]> {
  const cost = once(() => itemFootprint(item));
  const schema: List = {
    kind,
    size: 8,
    align: 4,
    memory: 48,
    item,
    parts: [item],
    write(writer: Writer, at, values) {
      if (!Array.isArray(values)) writer.refuse(schema, values);
      const { length } = values;
      const inside = writer.begin(length * item.size);
      writeItems(writer, inside, item, values);
      writer.slice(at, writer.end(inside, item.align), length);
    },
    read(reader, at) {
      const { high } = reader;
      const length = reader.u32(at + 4);
      const bytes = length * item.size;
      const start = reader.enter(at, bytes, item.align);
      spend(reader, length * cost(), at);
      const values = readItems(reader, start, item, length);
      leave(reader, start, bytes, high);
      return values;
    },
  };
  return schema as Schema<unknown> as Schema<T[]>;
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
 * @param item The schema of an element.
 * @returns A schema for arrays of `T`.
 */
export function vec<T>(item: Schema<T>): Schema<T[]> {
  return list("vec", item);
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
  return list("boxslice", item);
}

/**
 * `[T; N]`: the elements in order, inline.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { array, encode, u16 } from "@hardlight/hardlight/codec";
 *
 * assert.deepEqual(encode(array(u16, 2), [1, 2]), Uint8Array.of(1, 0, 2, 0));
 * ```
 */
export function array<T>(item: Schema<T>, length: number): Schema<T[]> {
  const layout = (): Layout => ({
    size: item.size * length,
    align: item.align,
    niche: length > 0 ? item.niche : undefined,
  });
  const schema: List = laidOut(once(layout), {
    kind: "array" as const,
    item,
    length,
    text: () => `[${signature(item)};${length}]`,
    write(writer: Writer, at: number, values: unknown) {
      if (!Array.isArray(values) || values.length !== length) {
        writer.refuse(schema, values);
      }
      writeItems(writer, at, item, values);
    },
    read: (reader: Reader, at: number) => readItems(reader, at, item, length),
  });
  return schema as Schema<unknown> as Schema<T[]>;
}
