/**
 * {@linkcode encode} and {@linkcode encodeInto}.
 *
 * @module
 */
import { writeArchive } from "./archive.ts";
import { checkBytes, fillIn } from "./check_use.ts";
import { functionsOf, generate } from "./compiler.ts";
import { CodecError } from "./errors.ts";
import type { Schema } from "./schema.ts";
import { Writer } from "./writer.ts";

/** Largest reused buffer, in bytes; a larger one is dropped after use. */
const MAX_KEPT_BYTES = 1_048_576;

/** The limits of an encoded value. */
export interface EncodeLimits {
  /** Most nested levels of recursive types. Default: 64. */
  readonly maxDepth: number;
}

let shared = /* @__PURE__ */ new Writer(1024);
let busy = false;

/**
 * Encode a value as an archive, byte for byte as rkyv's `to_bytes` does.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { encode, u32 } from "@hardlight/hardlight/codec";
 *
 * assert.deepEqual(encode(u32, 7), Uint8Array.of(7, 0, 0, 0));
 * ```
 *
 * @typeParam T The type of the value.
 * @param schema Its schema.
 * @param value The value.
 * @param limits Limits that differ from the defaults.
 * @returns The archive, in its own buffer.
 * @throws {CodecError} `BadValue` with the path, what was expected and what was found; `TooDeep`.
 */
export function encode<T>(
  schema: Schema<T>,
  value: T,
  limits?: EncodeLimits,
): Uint8Array<ArrayBuffer> {
  functionsOf(schema);
  // A getter or a conversion in the value may call encode().
  if (busy || limits !== undefined) {
    const writer = new Writer();
    if (limits !== undefined) writer.maxDepth = fillIn(limits).maxDepth;
    return encodeWith(writer, schema, value);
  }
  busy = true;
  try {
    return encodeWith(shared, schema, value);
  } finally {
    busy = false;
    if (shared.bytes.length > MAX_KEPT_BYTES) shared = new Writer(1024);
  }
}

function encodeWith<T>(writer: Writer, schema: Schema<T>, value: T): Uint8Array<ArrayBuffer> {
  writer.position = 0;
  const length = writeArchive(generate, schema, writer, value);
  return writer.bytes.slice(0, length);
}

/**
 * Encode a value into your buffer, and return its length in bytes.
 *
 * The archive begins at `offset`. For Rust to read it in place, its memory address should be a multiple of 16.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { encodeInto, u16 } from "@hardlight/hardlight/codec";
 *
 * const buffer = new Uint8Array(8);
 * assert.equal(encodeInto(u16, 513, buffer, 4), 2);
 * assert.deepEqual(buffer, Uint8Array.of(0, 0, 0, 0, 1, 2, 0, 0));
 * ```
 *
 * @throws {CodecError} `BadValue`, or `TooSmall` if the archive doesn't fit. Bytes from `offset` on may be overwritten
 * then.
 */
export function encodeInto<T>(
  schema: Schema<T>,
  value: T,
  buffer: Uint8Array<ArrayBuffer>,
  offset: number = 0,
): number {
  functionsOf(schema);
  checkBytes("encode into", buffer);
  const writer = buffer === over.bytes && !over.busy ? over : new BufferWriter(buffer);
  writer.busy = true;
  writer.position = offset;
  try {
    const length = writeArchive(generate, schema, writer, value);
    if (writer.bytes === buffer) {
      over = writer;
      return length;
    }
    // The writer reserves a margin for strings, so it may have grown even if the archive fits.
    if (offset + length > buffer.length) {
      throw new CodecError(
        "TooSmall",
        `Cannot encode into ${buffer.length - offset} bytes: it takes ${length}`,
      );
    }
    buffer.set(writer.bytes.subarray(offset, offset + length), offset);
    if (writer === over) over = new BufferWriter(new Uint8Array(0));
    return length;
  } finally {
    writer.busy = false;
  }
}

/** A writer over a caller's buffer. */
class BufferWriter extends Writer {
  /** Whether it is writing: a conversion in a value may call encodeInto(). */
  busy = false;

  constructor(buffer: Uint8Array<ArrayBuffer>) {
    super(0);
    this.setBytes(buffer);
  }
}

/** The writer for the last caller's buffer, which is likely to be used again. */
let over = /* @__PURE__ */ new BufferWriter(/* @__PURE__ */ new Uint8Array(0));
