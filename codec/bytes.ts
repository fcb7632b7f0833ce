/**
 * {@linkcode bytes}.
 *
 * @module
 */
import { BUFFER_FOOTPRINT } from "./parts.ts";
import { leaf } from "./scalars.ts";
import type { Schema } from "./schema.ts";
import { copy } from "./writer.ts";

/** A copy as a plain `Uint8Array`: `slice()` of a `Buffer` is a view and again a `Buffer`. */
export function copyBytes(
  from: Uint8Array,
  start: number,
  length: number,
): Uint8Array<ArrayBuffer> {
  // Of more, a copy of a view: its memory is not zeroed first.
  if (length > 64) return new Uint8Array(from.subarray(start, start + length));
  const copied = new Uint8Array(length);
  copy(from, copied, 0, start, length);
  return copied;
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
export const bytes: Schema<Uint8Array> = /* @__PURE__ */ leaf<Uint8Array>(
  "bytes",
  8,
  4,
  (writer, at, value) => {
    if (!(value instanceof Uint8Array)) writer.refuse(bytes, value);
    const start = writer.position;
    writer.writeBytes(value);
    writer.slice(at, start, value.length);
  },
  (reader, at) => {
    const length = reader.u32(at + 4);
    return copyBytes(reader.bytes, reader.claimBytes(at), length);
  },
  { memory: BUFFER_FOOTPRINT, text: () => "vec<u8>" },
);
