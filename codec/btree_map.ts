/**
 * {@linkcode btreeMap} and {@linkcode btreeSet}: Rust's `BTreeMap` and `BTreeSet`.
 *
 * Rust: `rkyv/src/collections/btree_map/mod.rs`, rkyv 0.7.46.
 *
 * @module
 */
import { INNER_NODE, NODE_HEADER_BYTES, readTree } from "./btree_reader.ts";
import { CodecError } from "./errors.ts";
import { type Container, mapContainer, setContainer } from "./hash_map.ts";
import { type FieldsLayout, structLayout } from "./layout.ts";
import { BAD_VALUE, unit } from "./primitives.ts";
import { formatPath, type Reader } from "./reader.ts";
import { type Path, refuse, Schema } from "./schema.ts";
import type { Writer } from "./writer.ts";

/** rkyv begins a new node when one reaches this many bytes, its parts included. */
const NODE_BYTES = 4096;
/** An inner node is aligned to 8 by 64-bit peers. */
const INNER_NODE_ALIGN = 8;

interface Node<K> {
  readonly firstKey: K;
  readonly at: number;
}

/** A schema of {@linkcode btreeMap} or {@linkcode btreeSet}. */
export class BTreeMapSchema<C, K, V> extends Schema<C> {
  readonly kind: "btreemap" | "btreeset";
  readonly size = 8;
  readonly align = 4;
  readonly niche: undefined = undefined;
  readonly flat = false;
  /** How keys are archived. */
  readonly key: Schema<K>;
  /** How values are archived. */
  readonly value: Schema<V>;
  readonly #container: Container<C, K, V>;
  #leaf: FieldsLayout | undefined;
  #inner: FieldsLayout | undefined;

  /** See {@linkcode btreeMap}. */
  constructor(
    kind: "btreemap" | "btreeset",
    key: Schema<K>,
    value: Schema<V>,
    container: Container<C, K, V>,
  ) {
    super();
    this.kind = kind;
    this.key = key;
    this.value = value;
    this.#container = container;
  }

  /** Where key and value are in an entry of a leaf. */
  get leafEntry(): FieldsLayout {
    return this.#leaf ??= structLayout([this.key, this.value]);
  }

  /** Where pointer and key are in an entry of an inner node. */
  get innerEntry(): FieldsLayout {
    return this.#inner ??= structLayout([{ size: 4, align: 4, niche: undefined }, this.key]);
  }

  #sorted(value: C): (readonly [K, V])[] {
    return [...this.#container.entries(value)].sort(([a], [b]) => this.key.compare(a, b));
  }

  serialize(writer: Writer, value: C): void {
    if (!this.#container.is(value)) throw BAD_VALUE;
    for (const [key] of this.#container.entries(value)) this.key.accept(key, []);
    const entries = this.#sorted(value);
    if (hasEqualNeighbours(this.key, entries)) throw BAD_VALUE;
    if (entries.length === 0) {
      // rkyv leaves the root pointer of an empty map aiming at the archive's first byte.
      writer.push(0);
      writer.push(writer.base);
      return;
    }
    let level = this.#writeLeaves(writer, entries);
    while (level.length > 1) level = this.#writeInner(writer, level);
    writer.push(entries.length);
    writer.push(level[0]!.at);
  }

  /** Greatest keys first; returns the leaves in the order they were written. */
  #writeLeaves(writer: Writer, entries: readonly (readonly [K, V])[]): Node<K>[] {
    const { size, align, offsets } = this.leafEntry;
    const nodes: Node<K>[] = [];
    let last = entries.length;
    while (last > 0) {
      const blockStart = writer.position;
      const bottom = writer.top;
      let first = last;
      const tops: number[] = [];
      do {
        const [key, item] = entries[--first]!;
        tops.push(writer.top);
        this.key.serialize(writer, key);
        this.value.serialize(writer, item);
      } while (
        first > 0 &&
        writer.position - blockStart + NODE_HEADER_BYTES + (last - first) * size < NODE_BYTES
      );
      const at = this.#header(
        writer,
        Math.max(4, align),
        blockStart,
        last - first,
        nodes.at(-1)?.at,
      );
      const start = writer.reserve((last - first) * size, align);
      const { cursor } = writer;
      for (let i = first; i < last; i++) {
        const [key, item] = entries[i]!;
        const entryAt = start + (i - first) * size;
        writer.cursor = tops[last - 1 - i]!;
        this.key.resolve(writer, entryAt + offsets[0]!, key);
        this.value.resolve(writer, entryAt + offsets[1]!, item);
      }
      writer.cursor = cursor;
      writer.top = bottom;
      nodes.push({ firstKey: entries[first]![0], at });
      last = first;
    }
    return nodes;
  }

  #writeInner(writer: Writer, level: readonly Node<K>[]): Node<K>[] {
    const { size, align, offsets } = this.innerEntry;
    const nodes: Node<K>[] = [];
    let next = 0;
    while (next < level.length) {
      const blockStart = writer.position;
      const bottom = writer.top;
      const first = next;
      const tops: number[] = [];
      const take = () => {
        tops.push(writer.top);
        this.key.serialize(writer, level[next++]!.firstKey);
      };
      while (level.length - next > 1) {
        take();
        const count = next - first;
        if (
          writer.position - blockStart + NODE_HEADER_BYTES + count * size >= NODE_BYTES &&
          count >= 2
        ) break;
      }
      if (level.length - next === 2) take();
      const least = level[next++]!;
      const count = next - 1 - first;
      const headerAlign = Math.max(INNER_NODE_ALIGN, align);
      const at = this.#header(writer, headerAlign, blockStart, INNER_NODE | count, least.at);
      const start = writer.reserve(count * size, align);
      const { cursor } = writer;
      for (let i = 0; i < count; i++) {
        // Ascending in memory, descending in the level.
        const child = level[next - 2 - i]!;
        const entryAt = start + i * size;
        writer.setPointer(entryAt + offsets[0]!, child.at);
        writer.cursor = tops[count - 1 - i]!;
        this.key.resolve(writer, entryAt + offsets[1]!, child.firstKey);
      }
      writer.cursor = cursor;
      writer.top = bottom;
      nodes.push({ firstKey: least.firstKey, at });
    }
    return nodes;
  }

  #header(
    writer: Writer,
    align: number,
    blockStart: number,
    meta: number,
    target: number | undefined,
  ): number {
    writer.pad(align);
    const blockBytes = writer.position - blockStart;
    const at = writer.reserve(NODE_HEADER_BYTES, 4);
    writer.setU32(at, blockBytes);
    if (target !== undefined) writer.setPointer(at + 4, target);
    writer.view.setUint16(at + 8, meta, true);
    return at;
  }

  resolve(writer: Writer, at: number, _value: C): void {
    writer.setU32(at, writer.take());
    writer.setPointer(at + 4, writer.take());
  }

  read(reader: Reader, at: number): C {
    return this.#container.from(
      readTree(reader, at, this, (entryAt) => this.value.read(reader, entryAt)),
    );
  }

  check(reader: Reader, at: number): void {
    const depth = reader.path.length;
    readTree(reader, at, this, (entryAt, key, index) => {
      reader.path[depth] = this.#container.step(key, index);
      this.value.check(reader, entryAt);
      reader.path.length = depth;
      return undefined as V;
    });
  }

  accept(value: unknown, path: Path): void {
    const container = this.#container;
    if (!container.is(value)) refuse(path, container.expected, value);
    let index = 0;
    for (const [key, item] of container.entries(value)) {
      const step = [...path, container.step(key, index++)];
      this.key.accept(key, step);
      this.value.accept(item, step);
    }
    if (hasEqualNeighbours(this.key, this.#sorted(value))) {
      const where = formatPath(path);
      throw new CodecError(
        "DuplicateKey",
        `Cannot encode ${where || "the value"}: two keys are equal in Rust`,
        where,
      );
    }
  }

  describe(): string {
    return this.kind === "btreeset"
      ? `btreeset<${this.key.describe()}>`
      : `btreemap<${this.key.describe()},${this.value.describe()}>`;
  }

  defaultValue(): C {
    return this.#container.from([]);
  }

  override compare(a: C, b: C): number {
    const x = this.#sorted(a);
    const y = this.#sorted(b);
    for (let i = 0; i < Math.min(x.length, y.length); i++) {
      const order = this.key.compare(x[i]![0], y[i]![0]) || this.value.compare(x[i]![1], y[i]![1]);
      if (order !== 0) return order;
    }
    return x.length - y.length;
  }
}

function hasEqualNeighbours<K>(
  schema: Schema<K>,
  entries: readonly (readonly [K, unknown])[],
): boolean {
  return entries.some(([key], i) => i > 0 && schema.compare(entries[i - 1]![0], key) === 0);
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
  return new BTreeMapSchema("btreemap", key, value, mapContainer<K, V>());
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
  return new BTreeMapSchema("btreeset", key, unit, setContainer<K>());
}
