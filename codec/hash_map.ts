/**
 * {@linkcode map} and {@linkcode set}: Rust's `HashMap` and `HashSet`.
 *
 * @module
 */
import { type Container, MAP, plainKeys, SET, stepTo, withEntries } from "./collections.ts";
import { formatPath } from "./errors.ts";
import { entryFootprint } from "./footprint.ts";
import { buildIndex, checkDisplacements, lookUp } from "./hash_index.ts";
import { structLayout } from "./layout.ts";
import type { Reader } from "./reader.ts";
import { unit } from "./scalars.ts";
import { type AnySchema, type HashTable, once, type Schema } from "./schema.ts";

function hashed(
  kind: "hashmap" | "hashset",
  key: AnySchema,
  item: AnySchema,
  container: Container,
): HashTable {
  const plain = plainKeys(key);
  const entry = once(() => structLayout([key, item]));
  const cost = once(() => entryFootprint({ key, item }));

  /** Claim index and entries, visit each entry for its key, then check that each key is found where it is. */
  function visit(
    reader: Reader,
    at: number,
    read: (entryAt: number, index: number) => unknown,
  ): void {
    const { size, align } = entry();
    const { high } = reader;
    const count = reader.u32(at);
    const index = reader.claimBytes(at + 4, 4 * count, 4);
    checkDisplacements(reader, index, count);
    const start = reader.enter(at + 8, count * size, align);
    reader.spend(count * cost(), at);
    const keys = new Array<unknown>(count);
    for (let i = 0; i < count; i++) keys[i] = read(start + i * size, i);
    for (let i = 0; i < count; i++) {
      if (lookUp(reader, index, count, plain.schema, keys[i]) !== i) {
        reader.fail("InvalidKeyPosition", start + i * size);
      }
    }
    reader.leave(start, count * size, high);
  }

  return {
    kind,
    size: 12,
    align: 4,
    memory: 256,
    key,
    item,
    parts: container === MAP ? [key, item] : [key],
    entries: container.entries,
    get entry() {
      return entry();
    },
    write(writer, at, value) {
      const [entries, { displacements, order }] = withEntries(
        writer,
        plain,
        container,
        value,
        (entries) =>
          buildIndex(
            plain.schema,
            entries.map(([own]) => own),
            () => formatPath(writer.path, writer.steps),
          ),
      );
      const count = entries.length;
      const indexAt = writer.reserve(4 * count, 4);
      displacements.forEach((displacement, i) =>
        writer.view.setUint32(indexAt + 4 * i, displacement, true)
      );
      const { size, align, offsets } = entry();
      const inside = writer.begin(count * size);
      const { steps } = writer;
      order.forEach((i, place) => {
        const [own, value] = entries[i]!;
        writer.steps = stepTo(writer.path, steps, container, own, i);
        plain.schema.write(writer, inside + place * size + offsets[0]!, own);
        item.write(writer, inside + place * size + offsets[1]!, value);
      });
      writer.steps = steps;
      const start = writer.end(inside, align);
      writer.outView.setUint32(at, count, true);
      writer.point(at + 4, indexAt);
      writer.point(at + 8, start);
    },
    read(reader, at) {
      const { offsets } = entry();
      const value = container.create();
      const { steps } = reader;
      visit(reader, at, (entryAt, i) => {
        reader.path[steps] = i;
        reader.steps = steps + 1;
        const own = plain.schema.read(reader, entryAt + offsets[0]!);
        reader.steps = stepTo(reader.path, steps, container, own, i);
        const decoded = reader.converts ? plain.decode(own) : own;
        container.add(value, decoded, item.read(reader, entryAt + offsets[1]!));
        reader.steps = steps;
        return own;
      });
      return value;
    },
  };
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
 * rkyv's hash has no secret, so whoever can choose keys can choose ones that no index can be found for: 60
 * of 100 are enough. Rust then searches for very long; here the map is refused with `TooLong`. Where
 * peers choose the keys of a map that others are sent, use `btreeMap`, which takes any.
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
  return hashed("hashmap", key, value, MAP) as AnySchema as Schema<Map<K, V>>;
}

/**
 * `HashSet<K>` as a `Set`; archived as a {@linkcode map} to nothing. Where peers choose what is in it, use
 * `btreeSet`: see {@linkcode map}.
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
  return hashed("hashset", key, unit, SET) as AnySchema as Schema<Set<K>>;
}
