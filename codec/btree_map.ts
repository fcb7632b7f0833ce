/**
 * {@linkcode btreeMap} and {@linkcode btreeSet}: Rust's `BTreeMap` and `BTreeSet`.
 *
 * Rust: `rkyv/src/collections/btree_map/mod.rs`, rkyv 0.7.46.
 *
 * @module
 */
import { readTree, type TreeShape } from "./btree_reader.ts";
import { type Sorted, writeTree } from "./btree_writer.ts";
import { type PlainKeys, plainKeys } from "./convert.ts";
import { CodecError } from "./errors.ts";
import { type Container, entryFootprint, mapContainer, setContainer } from "./hash_map.ts";
import { type FieldsLayout, structLayout } from "./layout.ts";
import { BAD_VALUE, unit } from "./primitives.ts";
import { formatPath, type Reader } from "./reader.ts";
import { type Path, refuse, Schema } from "./schema.ts";
import type { Writer } from "./writer.ts";

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
  readonly #plain: PlainKeys<K>;
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
    this.#plain = plainKeys(key);
  }

  /** Where key and value are in an entry of a leaf. */
  get leafEntry(): FieldsLayout {
    return this.#leaf ??= structLayout([this.key, this.value]);
  }

  /** Where pointer and key are in an entry of an inner node. */
  get innerEntry(): FieldsLayout {
    return this.#inner ??= structLayout([{ size: 4, align: 4, niche: undefined }, this.key]);
  }

  #plainEntries(value: C): [unknown, V][] {
    const { encode } = this.#plain;
    return Array.from(this.#container.entries(value), ([key, item]) => [encode(key), item]);
  }

  #sort(entries: [unknown, V][]): Sorted<V> {
    const { schema } = this.#plain;
    return entries.sort(([a], [b]) => schema.compare(a, b));
  }

  override get footprint(): number {
    return 256;
  }

  serialize(writer: Writer, value: C): void {
    if (!this.#container.is(value)) throw BAD_VALUE;
    const { schema } = this.#plain;
    const unsorted = this.#plainEntries(value);
    for (const [key] of unsorted) schema.accept(key, []);
    const entries = this.#sort(unsorted);
    if (hasEqualNeighbours(schema, entries)) throw BAD_VALUE;
    if (entries.length === 0) {
      // rkyv leaves the root pointer of an empty map aiming at the archive's first byte.
      writer.push(0);
      writer.push(writer.base);
      return;
    }
    const root = writeTree(writer, this.#shape, this.value, entries);
    writer.push(entries.length);
    writer.push(root);
  }

  resolve(writer: Writer, at: number, _value: C): void {
    writer.setU32(at, writer.take());
    writer.setPointer(at + 4, writer.take());
  }

  get #shape(): TreeShape {
    return {
      key: this.#plain.schema,
      leafEntry: this.leafEntry,
      innerEntry: this.innerEntry,
      entryFootprint: entryFootprint(this),
    };
  }

  read(reader: Reader, at: number): C {
    const { schema, decode } = this.#plain;
    const read = readTree(reader, at, this.#shape, (entryAt) => this.value.read(reader, entryAt));
    const entries: (readonly [K, V])[] = [];
    read.forEach(([key, item], i) => {
      // Rust's map takes equal keys too, and keeps the first key with the last value.
      const isAgain = i > 0 && schema.compare(read[i - 1]![0], key) === 0;
      if (isAgain) entries.push([entries.pop()![0], item]);
      else entries.push([decode(key), item]);
    });
    return this.#container.from(entries);
  }

  check(reader: Reader, at: number): void {
    const depth = reader.path.length;
    readTree(reader, at, this.#shape, (entryAt, key, index) => {
      reader.path[depth] = this.#container.step(key as K, index);
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
    if (hasEqualNeighbours(this.#plain.schema, this.#sort(this.#plainEntries(value)))) {
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
    const { schema } = this.#plain;
    const x = this.#sort(this.#plainEntries(a));
    const y = this.#sort(this.#plainEntries(b));
    for (let i = 0; i < Math.min(x.length, y.length); i++) {
      const order = schema.compare(x[i]![0], y[i]![0]) || this.value.compare(x[i]![1], y[i]![1]);
      if (order !== 0) return order;
    }
    return x.length - y.length;
  }
}

function hasEqualNeighbours(schema: Schema<unknown>, entries: Sorted<unknown>): boolean {
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
