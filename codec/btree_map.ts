/**
 * {@linkcode btreeMap} and {@linkcode btreeSet}: Rust's `BTreeMap` and `BTreeSet`.
 *
 * Rust: `rkyv/src/collections/btree_map/mod.rs`, rkyv 0.7.46.
 *
 * @module
 */
import { INNER_NODE, NODE_HEADER_BYTES, readTree } from "./btree_reader.ts";
import { type Container, MAP, plainKeys, SET, stepTo, withEntries } from "./collections.ts";
import { compare } from "./compare.ts";
import { type FieldsLayout, structLayout } from "./layout.ts";
import { unit } from "./scalars.ts";
import { type AnySchema, type BTree, once, type Schema } from "./schema.ts";
import type { Writer } from "./writer.ts";

/** rkyv begins a new node when one reaches this many bytes, its parts included. */
const NODE_BYTES = 4096;
/** An inner node is aligned to 8 by 64-bit peers. */
const INNER_NODE_ALIGN = 8;

/** A node that is written. */
interface Written {
  readonly firstKey: unknown;
  readonly at: number;
}

/** Entries under way, which lie behind their parts and in front of one another: the last begun ends first. */
class Entries {
  readonly #writer: Writer;
  readonly #layout: FieldsLayout;
  readonly #begun: number[] = [];
  /** Where the node's parts begin. */
  readonly start: number;

  constructor(writer: Writer, layout: FieldsLayout) {
    this.#writer = writer;
    this.#layout = layout;
    this.start = writer.position;
  }

  get count(): number {
    return this.#begun.length;
  }

  /** Whether the node is as large as rkyv lets one become. */
  get full(): boolean {
    const parts = this.#writer.position - this.start;
    return parts + NODE_HEADER_BYTES + this.count * this.#layout.size >= NODE_BYTES;
  }

  /** Begin an entry; returns where the fields of it go. */
  begin(): readonly [first: number, second: number] {
    const { offsets } = this.#layout;
    const at = this.#writer.begin(this.#layout.size);
    this.#begun.push(at);
    return [at + offsets[0]!, at + offsets[1]!];
  }

  /** End the node: its header, then its entries. Returns where it is. */
  end(align: number, meta: number, target: number | undefined): number {
    const writer = this.#writer;
    writer.reserve(0, align);
    const blockBytes = writer.position - this.start;
    const at = writer.reserve(NODE_HEADER_BYTES, 4);
    const { view } = writer;
    view.setUint32(at, blockBytes, true);
    if (target !== undefined) view.setInt32(at + 4, target - at - 4, true);
    view.setUint16(at + 8, meta | this.count, true);
    const { align: entryAlign } = this.#layout;
    for (const entryAt of this.#begun.reverse()) writer.end(entryAt, entryAlign);
    return at;
  }
}

function sorted(
  kind: "btreemap" | "btreeset",
  key: AnySchema,
  item: AnySchema,
  container: Container,
): BTree {
  const plain = plainKeys(key);
  const leaf = once(() => structLayout([key, item]));
  const inner = once(() => structLayout([{ size: 4, align: 4 }, key]));

  /** Greatest keys first; returns the leaves in the order they were written. */
  function writeLeaves(
    writer: Writer,
    all: readonly (readonly [unknown, unknown])[],
  ): Written[] {
    const nodes: Written[] = [];
    const { steps } = writer;
    for (let next = all.length; next > 0;) {
      const entries = new Entries(writer, leaf());
      do {
        const [own, value] = all[--next]!;
        const [keyAt, valueAt] = entries.begin();
        writer.steps = stepTo(writer.path, steps, container, own, next);
        plain.schema.write(writer, keyAt, own);
        item.write(writer, valueAt, value);
      } while (next > 0 && !entries.full);
      const at = entries.end(Math.max(4, leaf().align), 0, nodes.at(-1)?.at);
      nodes.push({ firstKey: all[next]![0], at });
    }
    writer.steps = steps;
    return nodes;
  }

  function writeInner(writer: Writer, level: readonly Written[]): Written[] {
    const nodes: Written[] = [];
    for (let next = 0; next < level.length;) {
      const entries = new Entries(writer, inner());
      const take = (): void => {
        const child = level[next++]!;
        const [pointerAt, keyAt] = entries.begin();
        writer.point(pointerAt, child.at);
        plain.schema.write(writer, keyAt, child.firstKey);
      };
      while (level.length - next > 1) {
        take();
        if (entries.full && entries.count >= 2) break;
      }
      if (level.length - next === 2) take();
      const least = level[next++]!;
      const align = Math.max(INNER_NODE_ALIGN, inner().align);
      nodes.push({ firstKey: least.firstKey, at: entries.end(align, INNER_NODE, least.at) });
    }
    return nodes;
  }

  return {
    kind,
    size: 8,
    align: 4,
    memory: 256,
    key,
    item,
    parts: container === MAP ? [key, item] : [key],
    entries: container.entries,
    get entry() {
      return leaf();
    },
    get innerEntry() {
      return inner();
    },
    write(writer, at, value) {
      const [, entries] = withEntries(
        writer,
        plain,
        container,
        value,
        (entries) => entries.sort(([a], [b]) => compare(plain.schema, a, b)),
      );
      if (entries.length === 0) {
        // rkyv leaves the root pointer of an empty map aiming at the archive's first byte.
        return writer.point(at + 4, writer.base);
      }
      let level = writeLeaves(writer, entries);
      while (level.length > 1) level = writeInner(writer, level);
      writer.outView.setUint32(at, entries.length, true);
      writer.point(at + 4, level[0]!.at);
    },
    read(reader, at) {
      const { leaves, repeats } = readTree(reader, at, {
        key: plain.schema,
        item,
        entry: leaf(),
        innerEntry: inner(),
      }, container);
      const value = container.create();
      let last: unknown;
      let lastDecoded: unknown;
      for (const { keys, values } of leaves) {
        for (let i = 0; i < keys.length; i++) {
          const own = keys[i];
          // Rust's map takes equal keys too, and keeps the first key with the last value.
          const again = repeats && value.size > 0 && compare(plain.schema, last, own) === 0;
          if (!again) lastDecoded = reader.converts ? plain.decode(own) : own;
          container.add(value, lastDecoded, values[i]);
          last = own;
        }
      }
      return value;
    },
  };
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
  return sorted("btreemap", key, value, MAP) as AnySchema as Schema<Map<K, V>>;
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
  return sorted("btreeset", key, unit, SET) as AnySchema as Schema<Set<K>>;
}
