/**
 * {@linkcode string} and {@linkcode boxStr}.
 *
 * @module
 */
import type { Reader } from "./reader.ts";
import { leaf } from "./scalars.ts";
import type { Schema } from "./schema.ts";
import { INLINE_CAPACITY } from "./layout.ts";
import { readUtf8, writeUtf8 } from "./utf8.ts";
import { copy, type Writer } from "./writer.ts";

/** Append the bytes of a string, or throw if the value is none; returns their number. */
export function appendText(writer: Writer, value: unknown): number {
  if (typeof value !== "string") writer.refuse(string, value);
  writer.ensure(value.length * 3);
  const start = writer.position;
  const end = writeUtf8(writer.bytes, start, value);
  if (end < 0) writer.refuse(string, value);
  writer.position = end;
  return end - start;
}

/** A string with checked bounds. */
export function readText(reader: Reader, start: number, length: number): string {
  return (reader.utf8 ?? readUtf8)(reader.bytes, start, length) ??
    reader.fail("Utf8Error", start);
}

/**
 * `String`: up to 7 bytes of UTF-8 inline, longer ones out of line.
 *
 * | offset | bytes | up to 7 bytes        | longer                                           |
 * | -----: | ----: | -------------------- | ------------------------------------------------ |
 * |      0 |     4 | UTF-8                | `u32` length                                     |
 * |      4 |     3 | UTF-8                | `i32` distance from the object's start, negative |
 * |      7 |     1 | length               | (its last byte: bit 7 is set)                    |
 *
 * Lone surrogates are rejected when encoding. Rust: `rkyv/src/string/repr.rs`, rkyv 0.7.46.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { encode, string } from "@hardlight/hardlight/codec";
 *
 * assert.deepEqual(encode(string, "hi"), Uint8Array.of(104, 105, 0, 0, 0, 0, 0, 2)); // inline
 * assert.equal(encode(string, "eight by").length, 16); // the text, then its place
 * ```
 */
export const string: Schema<string> = /* @__PURE__ */ leaf<string>(
  "string",
  8,
  4,
  (writer, at, value) => {
    const start = writer.position;
    const length = appendText(writer, value);
    if (length > INLINE_CAPACITY) {
      writer.outView.setUint32(at, length, true);
      return writer.point(at + 4, start, at);
    }
    // Take the bytes back: they fit into the object.
    copy(writer.bytes, writer.out, at, start, length);
    writer.out[at + INLINE_CAPACITY] = length;
    writer.position = start;
  },
  (reader, at) => {
    const last = reader.bytes[at + INLINE_CAPACITY]!;
    if (last < 0x80) {
      if (last > INLINE_CAPACITY) reader.fail("StringRepr", at);
      return readText(reader, at, last);
    }
    const length = reader.u32(at);
    const start = reader.claim(at, reader.i32(at + 4), length, 1);
    reader.low = start + length;
    return readText(reader, start, length);
  },
  { memory: 56 },
);

/**
 * `Box<str>`: a relative pointer, then the length in bytes; never inline.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { boxStr, decode, encode } from "@hardlight/hardlight/codec";
 *
 * const schema = boxStr;
 * const value = "hi";
 * assert.deepEqual(decode(schema, encode(schema, value)), value);
 * ```
 */
export const boxStr: Schema<string> = /* @__PURE__ */ leaf<string>(
  "boxstr",
  8,
  4,
  (writer, at, value) => {
    const start = writer.position;
    writer.slice(at, start, appendText(writer, value));
  },
  (reader, at) => {
    const length = reader.u32(at + 4);
    return readText(reader, reader.claimBytes(at, length), length);
  },
  { memory: 56 },
);
