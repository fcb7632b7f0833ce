/**
 * The two ways in which schemas work: by generated code, and by interpreting them.
 *
 * @module
 */
import { checkArchive, type Codec, readArchive, writeArchive } from "../../codec/archive.ts";
import { canGenerate, generate } from "../../codec/compiler.ts";
import { interpretInFull } from "../../codec/explain.ts";
import type { EncodeLimits } from "../../codec/encode.ts";
import { type DecodeLimits, Reader } from "../../codec/reader.ts";
import type { AnySchema, Schema } from "../../codec/schema.ts";
import { Writer } from "../../codec/writer.ts";

/** The functions of `./codec`, by one of the two ways. */
export interface Backend {
  /** Its name. */
  readonly name: string;
  /** The codec itself. */
  readonly codec: Codec;
  encode<T>(
    this: void,
    schema: Schema<T>,
    value: T,
    limits?: EncodeLimits,
  ): Uint8Array<ArrayBuffer>;
  decode<T>(schema: Schema<T>, archive: Uint8Array, limits?: DecodeLimits): T;
  validate(schema: AnySchema, archive: Uint8Array, limits?: DecodeLimits): void;
}

function backend(name: string, codec: Codec): Backend {
  const readerOf = (archive: Uint8Array, limits?: DecodeLimits): Reader => {
    const reader = new Reader(limits);
    reader.reset(archive);
    return reader;
  };
  return {
    name,
    codec,
    encode(schema, value, limits) {
      const writer = new Writer();
      if (limits !== undefined) writer.maxDepth = limits.maxDepth;
      writeArchive(codec, schema, writer, value);
      return writer.written().slice();
    },
    decode: (schema, archive, limits) =>
      readArchive(codec, schema, readerOf(archive, limits), 0, archive.length),
    validate: (schema, archive, limits) =>
      checkArchive(codec, schema, readerOf(archive, limits), 0, archive.length),
  };
}

if (!canGenerate()) {
  throw new Error("Code generation is forbidden here: half of the tests would be void");
}

/** Both. */
export const BACKENDS: readonly Backend[] = [
  backend("generated code", generate),
  backend("interpreted", interpretInFull),
];
