/**
 * Whole archives: the root is the last thing written.
 *
 * @module
 */
import { CodecError, refusal, type Words } from "./errors.ts";
import type { Reader } from "./reader.ts";
import type { AnySchema, Schema } from "./schema.ts";
import type { Writer } from "./writer.ts";

/** Writes and reads whole archives: by the schemas' own functions, or by generated ones. */
export interface Codec {
  /** Explains errors of its readers in full, if present: see {@linkcode Reader.words}. */
  readonly words?: Words;
  /** Write one at the writer's position and base. Throws anything for a bad value, and leaves the path to it. */
  write<T>(writer: Writer, schema: Schema<T>, value: T): void;
  /** Read the opened archive. Throws any error if it is invalid, and leaves the path to the invalid part. */
  read<T>(reader: Reader, schema: Schema<T>): T;
  /** The same without finding out what is invalid, if that differs. */
  readUnexplained?<T>(reader: Reader, schema: Schema<T>): T;
  /** Check the opened one as it is read, where that is another thing. */
  check?(reader: Reader, schema: AnySchema): void;
}

/** The codec of pages: the schemas' own functions, which say where something is wrong, in few words. */
export const interpret: Codec = {
  write(writer, schema, value) {
    const at = writer.begin(schema.size);
    schema.write(writer, at, value);
    writer.end(at, schema.align);
  },
  read: (reader, schema) => schema.read(reader, reader.root(schema.size, schema.align)),
};

/**
 * Write a separate archive at the writer's position, and return its length.
 *
 * @throws {CodecError} `BadValue` for a value that cannot be encoded; nothing is written then.
 */
export function writeArchive<T>(
  codec: Codec,
  schema: Schema<T>,
  writer: Writer,
  value: T,
): number {
  const { base, position } = writer;
  writer.base = position;
  try {
    codec.write(writer, schema, value);
    return writer.position - position;
  } catch (cause) {
    const error = refused(writer, cause);
    abandon(writer, position);
    throw error;
  } finally {
    writer.base = base;
  }
}

/** {@linkcode writeArchive} at the writer's base, for a writer that is not used again after an error. */
export function appendArchive<T>(
  codec: Codec,
  schema: Schema<T>,
  writer: Writer,
  value: T,
): number {
  const { position } = writer;
  try {
    codec.write(writer, schema, value);
    return writer.position - position;
  } catch (cause) {
    throw refused(writer, cause);
  }
}

/** Drop pending objects after an invalid value, and continue at a position. */
export function abandon(writer: Writer, position: number): void {
  writer.position = position;
  writer.depth =
    writer.steps =
    writer.top =
    writer.mark =
      0;
  writer.phases = undefined;
  // It may have become large.
  writer.setScratch();
}

function refused(at: Writer | Reader, cause: unknown, offset?: number): CodecError {
  if (cause instanceof CodecError) return cause;
  return refusal(at, "BadValue", `${cause instanceof Error ? cause.message : cause}`, offset);
}

/**
 * Read the archive at `[start, end)` of the reader's bytes.
 *
 * @throws {CodecError} With the code of the first check that fails, where, and what was expected.
 */
export function readArchive<T>(
  codec: Codec,
  schema: Schema<T>,
  reader: Reader,
  start: number,
  end: number,
): T {
  reader.open(start, end);
  try {
    return codec.read(reader, schema);
  } catch (cause) {
    throw refused(reader, cause, -1);
  }
}

/**
 * {@linkcode readArchive} without finding out what is invalid.
 *
 * @throws Any error for an invalid archive.
 */
export function readUnexplained<T>(
  codec: Codec,
  schema: Schema<T>,
  reader: Reader,
  start: number,
  end: number,
): T {
  reader.open(start, end);
  return (codec.readUnexplained ?? codec.read)(reader, schema);
}

/** Check the archive at `[start, end)` of the reader's bytes without converting values. */
export function checkArchive(
  codec: Codec,
  schema: AnySchema,
  reader: Reader,
  start: number,
  end: number,
): void {
  reader.open(start, end);
  reader.converts = false;
  try {
    codec.check ? codec.check(reader, schema) : codec.read(reader, schema);
  } catch (cause) {
    throw refused(reader, cause, -1);
  } finally {
    reader.converts = true;
  }
}
