/**
 * The hash index of keys.
 *
 * @module
 */
import { buildIndex, type HashIndex } from "../../codec/hash_index.ts";
import type { AnySchema } from "../../codec/schema.ts";
import { Feeder } from "../../codec/sea_hash.ts";
import { Writer } from "../../codec/writer.ts";

/** Build the index of keys of a schema, with displacements as `u32`. */
export function indexOf(schema: AnySchema, keys: readonly unknown[]): HashIndex {
  const writer = new Writer();
  const feeder = new Feeder(writer);
  const { displacements, order } = buildIndex(writer, keys.map((key) => feeder.feed(schema, key)));
  return { displacements: displacements.map((displacement) => displacement >>> 0), order };
}
