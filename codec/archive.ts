/**
 * Whole archives: the root is the last thing written.
 *
 * @module
 */
import { describeValue } from "./describe.ts";
import { CodecError, formatPath, refusal } from "./errors.ts";
import type { Reader } from "./reader.ts";
import type { AnySchema, Schema } from "./schema.ts";
import { Writer } from "./writer.ts";

/** A writer for checks that is larger than this is let go after use, in bytes. */
const MAX_KEPT_BYTES = 4096;

/** What writes and reads whole archives of one schema. */
export interface Functions<T> {
  /** What made them; set by {@linkcode functionsOf}. */
  by?: Codec;
  /** Write one at the writer's position and base. Throws anything for a bad value. */
  write(writer: Writer, value: T): void;
  /** Read the opened one. Throws anything for a bad one. */
  read(reader: Reader): T;
  /** Check the opened one, where that is not to read it. Throws anything for a bad one. */
  check?(reader: Reader): void;
  /** Where {@linkcode Functions.write} finds only that something is wrong: find what and where, and return it. */
  explainWrite?(writer: Writer, value: T, cause: unknown): unknown;
  /** The same for what is read or checked. */
  explainRead?(reader: Reader, cause: unknown): unknown;
}

/** Makes the functions of a schema: by interpreting it, or by generating code. */
export type Codec = <T>(schema: Schema<T>) => Functions<T>;

/** The codec that needs no generated code: a schema's own functions, which say what is wrong and where. */
export const interpret: Codec = <T>(schema: Schema<T>): Functions<T> => {
  const { size, align, flat } = schema;
  const extent = { size, align, flat };
  return {
    write(writer, value) {
      const { mark } = writer;
      const at = writer.begin(extent);
      schema.write(writer, at, value);
      writer.end(at, extent, mark);
    },
    read: (reader) => schema.read(reader, reader.root(size, align)),
  };
};

/** The functions of a schema by a codec; kept with the schema. */
export function functionsOf<T>(codec: Codec, schema: Schema<T>): Functions<T> {
  let { functions } = schema;
  if (functions === undefined || functions.by !== codec) {
    functions = schema.functions = codec(schema);
    functions.by = codec;
  }
  return functions;
}

/**
 * Write an archive of its own at the writer's position, and return its length.
 *
 * @throws {CodecError} `BadValue` for a value that cannot be encoded; nothing is written then.
 */
export function writeArchive<T>(
  codec: Codec,
  schema: Schema<T>,
  writer: Writer,
  value: T,
): number {
  return writeWith(functionsOf(codec, schema), writer, value);
}

/** {@linkcode writeArchive} by functions. */
export function writeWith<T>(functions: Functions<T>, writer: Writer, value: T): number {
  const { base, position } = writer;
  writer.base = position;
  try {
    functions.write(writer, value);
    return writer.position - position;
  } catch (cause) {
    const error = refused(writer, functions.explainWrite?.(writer, value, cause) ?? cause);
    writer.abandon(position);
    throw error;
  } finally {
    writer.base = base;
  }
}

function refused({ path, steps }: Writer | Reader, cause: unknown, offset?: number): CodecError {
  if (cause instanceof CodecError) return cause;
  const text = cause instanceof Error ? cause.message : cause;
  return refusal("BadValue", formatPath(path, steps), `${text}`, offset);
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
  const functions = functionsOf(codec, schema);
  reader.open(start, end);
  try {
    return functions.read(reader);
  } catch (cause) {
    throw refused(reader, functions.explainRead?.(reader, cause) ?? cause, -1);
  }
}

/**
 * {@linkcode readArchive} for whom it is enough that something is wrong: nothing finds out what.
 *
 * @throws Anything for a bad archive.
 */
export function readUnexplained<T>(
  codec: Codec,
  schema: Schema<T>,
  reader: Reader,
  start: number,
  end: number,
): T {
  reader.open(start, end);
  return functionsOf(codec, schema).read(reader);
}

/** Check the archive at `[start, end)` of the reader's bytes without converting values. */
export function checkArchive(
  codec: Codec,
  schema: AnySchema,
  reader: Reader,
  start: number,
  end: number,
): void {
  const functions = functionsOf(codec, schema);
  reader.open(start, end);
  reader.converts = false;
  try {
    functions.check ? functions.check(reader) : functions.read(reader);
  } catch (cause) {
    throw refused(reader, functions.explainRead?.(reader, cause) ?? cause, -1);
  } finally {
    reader.converts = true;
  }
}

let spare: Writer | undefined;

/**
 * Refuse a value that cannot be archived.
 *
 * @param path Where the value is, for the message.
 * @throws {CodecError} `BadValue` with the path, what was expected and what came.
 */
export function accept<T>(
  schema: Schema<T>,
  value: T,
  path: readonly string[] = [],
): void {
  // A conversion in the value may itself ask.
  const writer = spare ?? new Writer();
  spare = undefined;
  writer.describe = describeValue;
  for (const step of path) writer.path[writer.steps++] = step;
  try {
    // The schema keeps the functions of the codec that it is used with.
    writeWith(interpret(schema), writer, value);
  } finally {
    writer.position = writer.steps = 0;
    if (writer.bytes.length <= MAX_KEPT_BYTES) spare = writer;
  }
}
