/**
 * {@linkcode cString}.
 *
 * @module
 */
import { leaf } from "./scalars.ts";
import type { Schema } from "./schema.ts";
import { appendText, readText } from "./string.ts";

const NUL = /* @__PURE__ */ new Uint8Array(1);

/**
 * `CString`: text in UTF-8, and a NUL behind it.
 *
 * | offset | bytes | field                                               |
 * | -----: | ----: | --------------------------------------------------- |
 * |      0 |     4 | `i32` distance from this field to the text          |
 * |      4 |     4 | `u32` bytes of the text, the NUL behind it included |
 *
 * rkyv accepts a NUL inside the text, which Rust never creates, and rejects invalid UTF-8; so does this. Rust:
 * `rkyv/src/ffi.rs`, `ArchivedCString`,
 * rkyv 0.7.46.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { cString, encode } from "@hardlight/hardlight/codec";
 *
 * assert.deepEqual(
 *   encode(cString, "hi"),
 *   Uint8Array.of(104, 105, 0, 0, 252, 255, 255, 255, 3, 0, 0, 0), // the text, its NUL, padding, its place
 * );
 * ```
 */
export const cString: Schema<string> = /* @__PURE__ */ leaf<string>(
  "cstring",
  8,
  4,
  (writer, at, value) => {
    const start = writer.position;
    const length = appendText(writer, value);
    writer.writeBytes(NUL);
    writer.slice(at, start, length + 1);
  },
  (reader, at) => {
    const length = reader.u32(at + 4);
    const start = reader.claimBytes(at, length);
    // Zeros stand for the empty text.
    if (reader.isDefault) return "";
    const end = start + length - 1;
    const text = length === 0 ? "" : readText(reader, start, length - 1);
    if (length === 0 || reader.bytes[end] !== 0) {
      reader.fail("MissingNullTerminator", at);
    }
    return text;
  },
  { memory: 56 },
);
