/**
 * Whole archives: the root is the last thing written.
 *
 * @module
 */
import { CodecError, formatPath } from "./errors.ts";
import type { Reader } from "./reader.ts";
import type { AnySchema, Schema } from "./schema.ts";
import { Writer } from "./writer.ts";

/** A writer for checks that is larger than this is let go after use, in bytes. */
const MAX_KEPT_BYTES = 4096;

/** What writes and reads whole archives of one schema. */
export interface Functions<T> {
  /** Write one at the writer's position and base. Throws anything for a bad value. */
  write(writer: Writer, value: T): void;
  /** Read the opened one. Throws anything for a bad one. */
  read(reader: Reader): T;
  /** Check the opened one. Throws anything for a bad one. */
  check(reader: Reader): void;
}

/** {@linkcode Functions}, and what made them. */
export interface FunctionsBy<T> {
  /** What made them. */
  readonly by: Codec;
  /** The functions. */
  readonly functions: Functions<T>;
}

/** Makes the functions of a schema: by interpreting it, or by generating code. */
export type Codec = <T>(schema: Schema<T>) => Functions<T>;

/** The codec that needs no generated code: a schema's own functions, which say what is wrong and where. */
export const interpret: Codec = <T>(schema: Schema<T>): Functions<T> => ({
  write(writer, value) {
    const { size, align, flat } = schema;
    const { mark } = writer;
    const at = writer.begin(size, align, flat);
    schema.write(writer, at, value);
    writer.end(at, size, align, flat, mark);
  },
  read: (reader) => schema.read(reader, reader.root(schema.size, schema.align)),
  check(reader) {
    schema.read(reader, reader.root(schema.size, schema.align));
  },
});

/** The functions of a schema by a codec; made once. */
export function functionsOf<T>(codec: Codec, schema: Schema<T>): Functions<T> {
  const known = schema.functions;
  if (known !== undefined && known.by === codec) return known.functions;
  const functions = codec(schema);
  schema.functions = { by: codec, functions };
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
  const { base, position } = writer;
  writer.base = position;
  try {
    functionsOf(codec, schema).write(writer, value);
    return writer.position - position;
  } catch (cause) {
    writer.abandon(position);
    throw codec === interpret ? refusal(writer, cause) : explainValue(schema, writer, value, cause);
  } finally {
    writer.base = base;
  }
}

/** Generated code only finds that something is wrong; interpreting finds what and where. */
function explainValue<T>(schema: Schema<T>, writer: Writer, value: T, cause: unknown): unknown {
  const { position } = writer;
  try {
    interpret(schema).write(writer, value);
    return refusal(writer, cause);
  } catch (error) {
    return refusal(writer, error);
  } finally {
    writer.abandon(position);
  }
}

function refusal({ path, steps }: Writer, cause: unknown): CodecError {
  if (cause instanceof CodecError) return cause;
  const where = formatPath(path, steps);
  return new CodecError(
    "BadValue",
    `Cannot encode ${where || "the value"}: ${textOf(cause)}`,
    where,
  );
}

function textOf(cause: unknown): unknown {
  return cause instanceof Error ? cause.message : cause;
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
    return functionsOf(codec, schema).read(reader);
  } catch (cause) {
    throw explainArchive(schema, reader, start, end, codec, cause);
  }
}

/** Check the archive at `[start, end)` of the reader's bytes without converting values. */
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
    functionsOf(codec, schema).check(reader);
  } catch (cause) {
    throw explainArchive(schema, reader, start, end, codec, cause);
  } finally {
    reader.converts = true;
  }
}

function explainArchive(
  schema: AnySchema,
  reader: Reader,
  start: number,
  end: number,
  codec: Codec,
  cause: unknown,
): unknown {
  if (codec !== interpret) {
    reader.open(start, end);
    try {
      interpret(schema).read(reader);
      reader.steps = 0;
    } catch (error) {
      cause = error;
    }
  }
  if (cause instanceof CodecError) return cause;
  const where = formatPath(reader.path, reader.steps);
  return new CodecError(
    "BadValue",
    `Cannot decode ${where || "the archive"}: ${textOf(cause)}`,
    where,
  );
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
  for (const step of path) writer.path[writer.steps++] = step;
  try {
    writeArchive(interpret, schema, writer, value);
  } finally {
    writer.position = writer.steps = 0;
    if (writer.bytes.length <= MAX_KEPT_BYTES) spare = writer;
  }
}
