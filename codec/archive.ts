/**
 * Whole archives: the root is the last thing written.
 *
 * @module
 */
import { CodecError } from "./errors.ts";
import type { Reader } from "./reader.ts";
import type { Schema } from "./schema.ts";
import { refusing, type Writer } from "./writer.ts";

/** A schema's functions, compiled to one piece of code each. */
export interface Compiled<T> {
  /** Write a whole archive at the writer's position and base. Throws anything for a bad value. */
  write(writer: Writer, value: T): void;
  /** Read the opened archive. Throws anything for a bad one. */
  read(reader: Reader): T;
  /** Check the opened archive. Throws anything for a bad one. */
  check(reader: Reader): void;
}

/** A schema's functions, and what made them. */
export interface CompiledBy<T> {
  /** What made them. */
  readonly by: Compiler;
  /** The functions. */
  readonly functions: Compiled<T>;
}

/** Makes functions for a schema. */
export type Compiler = <T>(schema: Schema<T>) => Compiled<T>;

function interpret<T>(schema: Schema<T>): Compiled<T> {
  return {
    write(writer, value) {
      const { top, cursor } = writer;
      schema.serialize(writer, value);
      const at = writer.reserve(schema.size, schema.align);
      writer.cursor = top;
      schema.resolve(writer, at, value);
      writer.cursor = cursor;
      writer.top = top;
    },
    read(reader) {
      return schema.read(reader, reader.root(schema.size, schema.align));
    },
    check(reader) {
      schema.check(reader, reader.root(schema.size, schema.align));
    },
  };
}

let compiler: Compiler = interpret;

/**
 * Choose what makes a schema's functions; `undefined` is the schemas' own methods, which need no
 * code generation. Returns what was chosen before.
 */
export function setCompiler(next: Compiler | undefined): Compiler | undefined {
  const previous = compiler === interpret ? undefined : compiler;
  compiler = next ?? interpret;
  return previous;
}

/** The functions of a schema, made once by each compiler. */
export function compile<T>(schema: Schema<T>): Compiled<T> {
  const known = schema.compiled;
  if (known !== undefined && known.by === compiler) return known.functions;
  const functions = compiler(schema);
  schema.compiled = { by: compiler, functions };
  return functions;
}

/** Throw what is wrong with a value, if its schema finds it. */
function refuse<T>(schema: Schema<T>, value: T, maxDepth: number): void {
  // A conversion in the value may encode something itself, and fail.
  const outer = { ...refusing };
  refusing.depth = 0;
  refusing.maxDepth = maxDepth;
  try {
    schema.accept(value, []);
  } finally {
    Object.assign(refusing, outer);
  }
}

/**
 * Write an archive of its own at the writer's position, and return its length.
 *
 * @throws {CodecError} `BadValue` for a value that cannot be encoded; nothing is written then.
 */
export function writeArchive<T>(schema: Schema<T>, writer: Writer, value: T): number {
  const { base, position, top, cursor, depth } = writer;
  writer.base = position;
  try {
    compile(schema).write(writer, value);
    return writer.position - position;
  } catch (cause) {
    writer.position = position;
    writer.top = top;
    writer.cursor = cursor;
    writer.depth = depth;
    refuse(schema, value, writer.maxDepth);
    throw cause instanceof CodecError ? cause : new CodecError(
      "BadValue",
      `Cannot encode the value: ${cause instanceof Error ? cause.message : cause}`,
    );
  } finally {
    writer.base = base;
    if (writer.converted.length > 0) writer.converted.length = 0;
  }
}

/**
 * Read the archive at `[start, end)` of the reader's bytes.
 *
 * @throws {CodecError} With the code of the first check that fails, where, and what was expected.
 */
export function readArchive<T>(schema: Schema<T>, reader: Reader, start: number, end: number): T {
  reader.open(start, end);
  try {
    return compile(schema).read(reader);
  } catch (cause) {
    throw explain(schema, reader, start, end, cause);
  }
}

/**
 * {@linkcode readArchive} for whom it is enough that something is wrong: nothing finds out what.
 *
 * @throws Anything for a bad archive.
 */
export function readUnexplained<T>(
  schema: Schema<T>,
  reader: Reader,
  start: number,
  end: number,
): T {
  reader.open(start, end);
  return compile(schema).read(reader);
}

/** Check the archive at `[start, end)` of the reader's bytes without building values. */
export function checkArchive(
  schema: Schema<unknown>,
  reader: Reader,
  start: number,
  end: number,
): void {
  reader.open(start, end);
  try {
    compile(schema).check(reader);
  } catch (cause) {
    throw explain(schema, reader, start, end, cause);
  }
}

/** The fast paths only find that something is wrong; the schema's own check finds what and where. */
function explain(
  schema: Schema<unknown>,
  reader: Reader,
  start: number,
  end: number,
  cause: unknown,
): unknown {
  reader.open(start, end);
  reader.path.length = 0;
  try {
    schema.check(reader, reader.root(schema.size, schema.align));
  } catch (error) {
    return asCodecError(error);
  }
  return asCodecError(cause);
}

/** What a conversion throws, or a stack that is exhausted, becomes an error of ours. */
function asCodecError(cause: unknown): CodecError {
  return cause instanceof CodecError
    ? cause
    : new CodecError("BadValue", `Cannot decode the archive: ${cause}`);
}
