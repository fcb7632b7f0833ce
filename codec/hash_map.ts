/**
 * {@linkcode map} and {@linkcode set}: Rust's `HashMap` and `HashSet`.
 *
 * @module
 */
import { leave } from "./reader.ts";
import { entriesBy } from "./collections.ts";
import { entryFootprint, spend } from "./parts.ts";
import { buildIndex, checkDisplacements, lookUp } from "./hash_index.ts";
import { structLayout } from "./layout.ts";
import { unit } from "./scalars.ts";
import { type AnySchema, type HashTable, once, type Schema } from "./schema.ts";
import { Feeder } from "./sea_hash.ts";

function hashed(kind: "hashmap" | "hashset", key: AnySchema, item: AnySchema): HashTable {
  const isMap = kind === "hashmap";
  const entry = once(() => structLayout([key, item]));
  const cost = once(() => entryFootprint(table));
  const entries = entriesBy(() => table, key, isMap);
  const { schema } = entries;

  const table: HashTable = {
    kind,
    size: 12,
    align: 4,
    memory: 256,
    key,
    item,
    parts: isMap ? [key, item] : [key],
    get entry() {
      return entry();
    },
    write(writer, at, value) {
      const { steps, top } = writer;
      const feeder = new Feeder(writer);
      entries.write(writer, value, (all) => {
        const keys = all.map(([own]) => feeder.feed(schema, own));
        const { displacements, order } = buildIndex(writer, keys);
        writer.top = top;
        const count = all.length;
        writer.outView.setUint32(at, count, true);
        const index = writer.begin(4 * count);
        displacements.forEach((displacement, i) =>
          writer.outView.setUint32(index + 4 * i, displacement, true)
        );
        writer.point(at + 4, writer.end(index, 4));
        const { size, align, offsets } = entry();
        const start = writer.begin(count * size);
        order.forEach((i, place) => {
          const [own, value] = all[i]!;
          writer.steps = entries.step(writer.path, steps, own, i);
          schema.write(writer, start + place * size + offsets[0]!, own);
          item.write(writer, start + place * size + offsets[1]!, value);
        });
        writer.steps = steps;
        writer.point(at + 8, writer.end(start, align));
      });
    },
    read(reader, at) {
      const { size, align, offsets } = entry();
      const { high, steps } = reader;
      const count = reader.u32(at);
      const index = reader.claimBytes(at + 4, 4 * count, 4);
      checkDisplacements(reader, index, count);
      const start = reader.enter(at + 8, count * size, align);
      spend(reader, count * cost(), at);
      const value = entries.create();
      const keys = new Array<unknown>(count);
      for (let i = 0; i < count; i++) {
        const entryAt = start + i * size;
        reader.path[steps] = i;
        reader.steps = steps + 1;
        const own = keys[i] = schema.read(reader, entryAt + offsets[0]!);
        reader.steps = entries.step(reader.path, steps, own, i);
        const decoded = entries.decode(reader, own);
        entries.add(value, decoded, item.read(reader, entryAt + offsets[1]!));
      }
      reader.steps = steps;
      for (let i = 0; i < count; i++) {
        if (lookUp(reader, index, count, schema, keys[i]) !== i) {
          reader.fail("InvalidKeyPosition", start + i * size);
        }
      }
      leave(reader, start, count * size, high);
      return value;
    },
  };
  return table;
}

/**
 * `HashMap<K, V>` as a `Map`.
 *
 * | offset | bytes | field                                        |
 * | -----: | ----: | -------------------------------------------- |
 * |      0 |     4 | `u32` entry count                            |
 * |      4 |     4 | `i32` distance to the displacements, `[u32]` |
 * |      8 |     4 | `i32` distance to the entries                |
 *
 * The bytes do not depend on the order of insertion; a decoded map is in the archive's order.
 *
 * rkyv's hash has no secret, so an attacker can choose keys for which no index exists: 60 of 100 are enough. Rust then
 * searches for very long; here the map is rejected with `TooLong`. If peers choose the keys of a map that you send to
 * others, use `btreeMap`, which accepts any keys.
 *
 * @throws {CodecError} `TooLong` when encoding, for keys whose hashes collide too often.
 * @throws {TypeError} For keys that rkyv itself cannot read back: `usize`, enums that are not `#[repr(u8)]`, IP addresses.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, map, string, u32 } from "@hardlight/hardlight/codec";
 *
 * const schema = map(u32, string);
 * const tasks = new Map([[1, "write"], [2, "read"]]);
 * assert.deepEqual(decode(schema, encode(schema, tasks)), tasks);
 * ```
 */
export function map<K, V>(key: Schema<K>, value: Schema<V>): Schema<Map<K, V>> {
  return hashed("hashmap", key as AnySchema, value as AnySchema) as AnySchema as Schema<Map<K, V>>;
}

/**
 * `HashSet<K>` as a `Set`; archived as a {@linkcode map} to nothing. If peers choose its elements, use `btreeSet`: see
 * {@linkcode map}.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, set, u32 } from "@hardlight/hardlight/codec";
 *
 * const schema = set(u32);
 * const value = new Set([3, 1]);
 * assert.deepEqual(decode(schema, encode(schema, value)), value);
 * ```
 */
export function set<K>(key: Schema<K>): Schema<Set<K>> {
  return hashed("hashset", key as AnySchema, unit as AnySchema) as AnySchema as Schema<Set<K>>;
}
