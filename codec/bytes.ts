/**
 * {@linkcode bytes}.
 *
 * @module
 */
import { BAD_VALUE } from "./primitives.ts";
import type { Reader } from "./reader.ts";
import { type Path, refuse, Schema } from "./schema.ts";
import type { SeaHasher } from "./sea_hash.ts";
import type { Writer } from "./writer.ts";

/** A copy of some bytes that is a plain `Uint8Array`: `slice()` of a `Buffer` is a view, and again a `Buffer`. */
export function copyBytes(
  from: Uint8Array,
  start: number,
  length: number,
): Uint8Array<ArrayBuffer> {
  const copy = new Uint8Array(length);
  copy.set(start === 0 && length === from.length ? from : from.subarray(start, start + length));
  return copy;
}

class Bytes extends Schema<Uint8Array> {
  readonly kind = "bytes";
  readonly size = 8;
  readonly align = 4;
  readonly niche: undefined = undefined;
  readonly flat = false;

  override get footprint(): number {
    return 192;
  }

  serialize(writer: Writer, value: Uint8Array): void {
    if (!(value instanceof Uint8Array)) throw BAD_VALUE;
    writer.push(writer.position);
    writer.writeBytes(value);
  }

  resolve(writer: Writer, at: number, value: Uint8Array): void {
    writer.setPointer(at, writer.take());
    writer.setU32(at + 4, value.length);
  }

  read(reader: Reader, at: number): Uint8Array {
    const length = reader.view.getUint32(at + 4, true);
    const start = reader.claim(at, reader.view.getInt32(at, true), length, 1);
    reader.low = start + length;
    return copyBytes(reader.bytes, start, length);
  }

  check(reader: Reader, at: number): void {
    const length = reader.view.getUint32(at + 4, true);
    reader.low = reader.claim(at, reader.view.getInt32(at, true), length, 1) + length;
  }

  accept(value: unknown, path: Path): void {
    if (!(value instanceof Uint8Array)) refuse(path, "bytes, a Uint8Array", value);
  }

  describe(): string {
    return "vec<u8>";
  }

  defaultValue(): Uint8Array {
    return new Uint8Array(0);
  }

  override hash(hasher: SeaHasher, value: Uint8Array): void {
    hasher.length(value.length);
    hasher.write(value);
  }

  override compare(a: Uint8Array, b: Uint8Array): number {
    const length = Math.min(a.length, b.length);
    for (let i = 0; i < length; i++) {
      if (a[i] !== b[i]) return a[i]! - b[i]!;
    }
    return a.length - b.length;
  }

  override get keyFault(): string | undefined {
    return undefined;
  }
}

/**
 * `Vec<u8>` as a `Uint8Array`, copied out of the archive when decoding. Archived as {@linkcode vec} is.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { bytes, decode, encode } from "@hardlight/hardlight/codec";
 *
 * const schema = bytes;
 * const value = Uint8Array.of(1, 2, 3);
 * assert.deepEqual(decode(schema, encode(schema, value)), value);
 * ```
 */
export const bytes: Schema<Uint8Array> = /* @__PURE__ */ new Bytes();
