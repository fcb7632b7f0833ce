/**
 * Compares the keys of an archived map in place with a given key.
 *
 * @module
 */
import { accept } from "./explain.ts";
import { compare, type Rank, rankOf } from "./keys.ts";
import { CodecError } from "./errors.ts";
import type { AnySchema } from "./schema.ts";
import { INLINE_CAPACITY } from "./string.ts";
import { toUtf8 } from "./utf8.ts";
import type { ViewReader } from "./view_place.ts";

/** Order of the key at a position relative to the given key. The reader must be aimed. */
export type Probe = (reader: ViewReader, at: number) => number;

/** A comparison with `key`; `undefined` if nothing can equal it. */
export function probe(schema: AnySchema, key: unknown): Probe | undefined {
  if (schema.kind === "string") {
    if (typeof key !== "string" || !key.isWellFormed()) return undefined;
    return (reader, at) => compareString(reader, at, key);
  }
  let rank: Rank;
  try {
    accept(schema, key);
    rank = rankOf(schema, key);
  } catch {
    return undefined;
  }
  if ("min" in schema) {
    return (reader, at) => {
      const own = schema.read(reader, at) as number;
      return own < (key as number) ? -1 : own > (key as number) ? 1 : 0;
    };
  }
  return (reader, at) => {
    try {
      return compare(rankOf(schema, schema.read(reader, at)), rank);
    } catch (cause) {
      if (cause instanceof CodecError) throw cause;
      return reader.fail("BadValue", at, `a key that can be converted (${cause})`);
    }
  };
}

function compareString(reader: ViewReader, at: number, text: string): number {
  const { bytes } = reader;
  let start = at;
  let length = bytes[at + INLINE_CAPACITY]!;
  if (length >= 0x80) {
    length = reader.u32(at);
    start = reader.claim(at, reader.i32(at + 4), length, 1);
  } else if (length > INLINE_CAPACITY) {
    reader.fail("StringRepr", at);
  }
  const common = Math.min(length, text.length);
  for (let i = 0; i < common; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) return compareBytes(bytes, start, length, toUtf8(text));
    if (unit !== bytes[start + i]) return bytes[start + i]! - unit;
  }
  // Both are ASCII so far.
  return length - text.length;
}

function compareBytes(bytes: Uint8Array, start: number, length: number, key: Uint8Array): number {
  const common = Math.min(length, key.length);
  for (let i = 0; i < common; i++) {
    if (bytes[start + i] !== key[i]) return bytes[start + i]! - key[i]!;
  }
  return length - key.length;
}
