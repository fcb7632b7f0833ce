/**
 * The hash index of keys.
 *
 * @module
 */
import { buildIndex, type HashIndex } from "../../codec/hash_index.ts";
import type { AnySchema } from "../../codec/schema.ts";
import { Feeder } from "../../codec/sea_hash.ts";
import { Writer } from "../../codec/writer.ts";

/** Build the index of keys of a schema. */
export function indexOf(schema: AnySchema, keys: readonly unknown[]): HashIndex {
  const writer = new Writer();
  const feeder = new Feeder(writer);
  return buildIndex(writer, keys.map((key) => feeder.feed(schema, key)));
}
