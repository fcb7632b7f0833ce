/**
 * {@linkcode encode} and {@linkcode encodeInto}.
 *
 * @module
 */
import { writeArchive } from "./archive.ts";
import { functionsOf, generate } from "./compiler.ts";
import { CodecError } from "./errors.ts";
import type { Schema } from "./schema.ts";
import { Writer } from "./writer.ts";

/** A shared buffer larger than this is let go after use. */
const MAX_KEPT_BYTES = 1_048_576;

/** What bounds a value that is encoded. */
export interface EncodeLimits {
  /** How deep recursive types may nest. Default: 64. */
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
 * @param schema How it is archived.
 * @param value The value.
 * @param limits Bounds other than the default ones.
 * @returns The archive, in a buffer of its own.
 * @throws {CodecError} `BadValue` with the path, what was expected and what came; `TooDeep`.
 */
export function encode<T>(
  schema: Schema<T>,
  value: T,
  limits?: EncodeLimits,
): Uint8Array<ArrayBuffer> {
  functionsOf(schema);
  // A getter or a conversion in the value may encode something itself.
  if (busy || limits !== undefined) {
    const writer = new Writer();
    if (limits !== undefined) writer.maxDepth = limits.maxDepth;
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
 * Encode a value into a buffer of yours, and return how many bytes it took.
 *
 * The archive begins at `offset`, which should be a multiple of 16 of memory if Rust is to read it
 * in place.
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
 * @throws {CodecError} `BadValue`, or `TooSmall` when the archive does not fit. Bytes from `offset` on may
 * have been written over then.
 */
export function encodeInto<T>(
  schema: Schema<T>,
  value: T,
  buffer: Uint8Array<ArrayBuffer>,
  offset: number = 0,
): number {
  functionsOf(schema);
  const writer = buffer === over.bytes && !over.busy ? over : new BufferWriter(buffer);
  writer.busy = true;
  writer.position = offset;
  try {
    const length = writeArchive(generate, schema, writer, value);
    if (writer.bytes === buffer) {
      over = writer;
      return length;
    }
    // The writer asks for room with a margin for strings: it may have grown though the archive fits.
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
  /** Whether it is writing: a conversion in a value may encode something itself. */
  busy = false;

  constructor(buffer: Uint8Array<ArrayBuffer>) {
    super(0);
    this.setBytes(buffer);
  }
}

/** The last caller's buffer is likely to come again; it is held until another does. */
let over = /* @__PURE__ */ new BufferWriter(/* @__PURE__ */ new Uint8Array(0));
