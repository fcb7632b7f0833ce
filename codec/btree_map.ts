/**
 * {@linkcode btreeMap} and {@linkcode btreeSet}: Rust's `BTreeMap` and `BTreeSet`.
 *
 * Rust: `rkyv/src/collections/btree_map/mod.rs`, rkyv 0.7.46.
 *
 * @module
 */
import { readTree } from "./btree_reader.ts";
import {
  INNER_NODE,
  INNER_NODE_ALIGN,
  NODE_BYTES,
  NODE_HEADER_BYTES,
  structLayout,
} from "./layout.ts";
import { entriesBy, type Entry } from "./collections.ts";
import { compare, type Rank, sorted } from "./keys.ts";
import { unit } from "./scalars.ts";
import { type AnySchema, type BTree, once, type Schema } from "./schema.ts";
import type { Writer } from "./writer.ts";

function makeTree(kind: "btreemap" | "btreeset", key: AnySchema, item: AnySchema): BTree {
  const isMap = kind === "btreemap";
  const leaf = once(() => structLayout([key, item]));
  const inner = once(() => structLayout([{ size: 4, align: 4 }, key]));
  const entries = entriesBy(() => tree, key, isMap);
  const { schema } = entries;

  /**
   * Write the nodes of one level, greatest keys first: their entries' parts, a header, then the entries.
   *
   * @param all The entries of leaves, or the nodes below inner ones.
   * @returns The least key of each node, and where the node is.
   */
  function writeLevel(writer: Writer, all: readonly Entry[], isInner: boolean): Entry[] {
    const { size, align, offsets } = isInner ? inner() : leaf();
    const [first, second] = offsets as [number, number];
    const nodes: Entry[] = [];
    const { steps } = writer;
    for (let next = 0; next < all.length;) {
      const { position } = writer;
      const begun: number[] = [];
      let left: number;
      let isFull: boolean;
      do {
        const at = writer.begin(size);
        begun.push(at);
        const [own, rest] = all[next++]!;
        left = all.length - next;
        if (isInner) {
          writer.point(at + first, rest as number);
          schema.write(writer, at + second, own);
        } else {
          writer.steps = entries.step(writer.path, steps, own, left);
          schema.write(writer, at + first, own);
          item.write(writer, at + second, rest);
        }
        const parts = writer.position - position;
        isFull = parts + NODE_HEADER_BYTES + begun.length * size >= NODE_BYTES;
        // An inner node has a child more than entries, and none is left that has but one.
      } while (
        isInner ? left === 2 || left > 1 && !(isFull && begun.length > 1) : left > 0 && !isFull
      );
      // An inner node leads to its least child, a leaf to the next one.
      const target = isInner ? all[next++]![1] : nodes.at(-1)?.[1];
      writer.reserve(0, Math.max(isInner ? INNER_NODE_ALIGN : 4, align));
      const blockBytes = writer.position - position;
      const at = writer.reserve(NODE_HEADER_BYTES, 4);
      const { view } = writer;
      view.setUint32(at, blockBytes, true);
      if (target !== undefined) view.setInt32(at + 4, target as number - at - 4, true);
      view.setUint16(at + 8, (isInner ? INNER_NODE : 0) | begun.length, true);
      for (const entryAt of begun.reverse()) writer.end(entryAt, align);
      nodes.push([all[next - 1]![0], at]);
    }
    writer.steps = steps;
    return nodes;
  }

  const tree: BTree = {
    kind,
    size: 8,
    align: 4,
    memory: 256,
    key,
    item,
    parts: isMap ? [key, item] : [key],
    get entry() {
      return leaf();
    },
    get innerEntry() {
      return inner();
    },
    write(writer, at, value) {
      entries.write(writer, value, (some, check) => {
        const all = sorted(some, schema, check).reverse();
        // rkyv leaves the root pointer of an empty map aiming at the archive's first byte.
        if (all.length === 0) return writer.point(at + 4, writer.base);
        let level = writeLevel(writer, all, false);
        while (level.length > 1) level = writeLevel(writer, level, true);
        writer.outView.setUint32(at, all.length, true);
        writer.point(at + 4, level[0]![1] as number);
      });
    },
    read(reader, at) {
      const { leaves, repeats } = readTree(reader, at, tree, entries);
      const value = entries.create();
      let last: Rank;
      let decoded: unknown;
      for (const { keys, ranks, values } of leaves) {
        keys.forEach((own, i) => {
          // Rust's map takes equal keys too, and keeps the first key with the last value.
          const again = repeats && value.size > 0 && compare(last, ranks[i]) === 0;
          if (!again) decoded = entries.decode(reader, own);
          entries.add(value, decoded, values[i]);
          last = ranks[i];
        });
      }
      return value;
    },
  };
  return tree;
}

/**
 * `BTreeMap<K, V>` as a `Map` in the order of its keys (Rust's `Ord`: strings by their UTF-8 bytes).
 *
 * | offset | bytes | field                           |
 * | -----: | ----: | ------------------------------- |
 * |      0 |     4 | `u32` entry count               |
 * |      4 |     4 | `i32` distance to the root node |
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { btreeMap, decode, encode, string, u32 } from "@hardlight/hardlight/codec";
 *
 * const ages = btreeMap(string, u32);
 * const decoded = decode(ages, encode(ages, new Map([["bo", 2], ["al", 1]])));
 * assert.deepEqual([...decoded], [["al", 1], ["bo", 2]]); // by key
 * ```
 */
export function btreeMap<K, V>(key: Schema<K>, value: Schema<V>): Schema<Map<K, V>> {
  return makeTree("btreemap", key as AnySchema, value as AnySchema) as AnySchema as Schema<
    Map<K, V>
  >;
}

/**
 * `BTreeSet<K>` as a `Set` in the order of its keys; archived as a {@linkcode btreeMap} to nothing.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { btreeSet, decode, encode, u32 } from "@hardlight/hardlight/codec";
 *
 * const schema = btreeSet(u32);
 * assert.deepEqual([...decode(schema, encode(schema, new Set([3, 1])))], [1, 3]);
 * ```
 */
export function btreeSet<K>(key: Schema<K>): Schema<Set<K>> {
  return makeTree("btreeset", key as AnySchema, unit as AnySchema) as AnySchema as Schema<Set<K>>;
}
