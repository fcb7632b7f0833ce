/**
 * {@linkcode map} and {@linkcode set}: Rust's `HashMap` and `HashSet`.
 *
 * @module
 */
import { type PlainKeys, plainKeys } from "./convert.ts";
import { CodecError } from "./errors.ts";
import { buildIndex, checkDisplacements, lookUp } from "./hash_index.ts";
import { type FieldsLayout, structLayout } from "./layout.ts";
import { BAD_VALUE, BigInteger, SmallInt, unit } from "./primitives.ts";
import { formatPath, type Reader } from "./reader.ts";
import { type Path, refuse, Schema } from "./schema.ts";
import type { Writer } from "./writer.ts";

/** How a map or a set is kept in TypeScript. */
export interface Container<C, K, V> {
  /** What it is, for messages. */
  readonly expected: string;
  /** Whether it is one. */
  is(value: unknown): value is C;
  /** Its entries. */
  entries(value: C): Iterable<readonly [K, V]>;
  /** One of these entries. */
  from(entries: readonly (readonly [K, V])[]): C;
  /** How an entry shows in a path: its key, or its number. */
  step(key: K, index: number): string | number;
}

/** Maps, for {@linkcode Container}. */
export function mapContainer<K, V>(): Container<Map<K, V>, K, V> {
  return {
    expected: "a Map",
    is: (value): value is Map<K, V> => value instanceof Map,
    entries: (value) => value,
    from: (entries) => new Map(entries),
    step: (key) => `get(${typeof key === "string" ? JSON.stringify(key) : String(key)})`,
  };
}

/** Sets, for {@linkcode Container}. */
export function setContainer<K>(): Container<Set<K>, K, void> {
  return {
    expected: "a Set",
    is: (value): value is Set<K> => value instanceof Set,
    *entries(value) {
      for (const key of value) yield [key, undefined] as const;
    },
    from: (entries) => new Set(entries.map(([key]) => key)),
    step: (_key, index) => index,
  };
}

/** Bytes of memory of an entry: its place in a `Map`, and the pair it is read as. */
export function entryFootprint(
  { key, value }: { readonly key: Schema<unknown>; readonly value: Schema<unknown> },
): number {
  return 128 + key.footprint + value.footprint;
}

/** A schema of {@linkcode map} or {@linkcode set}. */
export class HashMapSchema<C, K, V> extends Schema<C> {
  readonly kind: "hashmap" | "hashset";
  readonly size = 12;
  readonly align = 4;
  readonly niche: undefined = undefined;
  readonly flat = false;
  /** How keys are archived. */
  readonly key: Schema<K>;
  /** How values are archived. */
  readonly value: Schema<V>;
  readonly #container: Container<C, K, V>;
  readonly #plain: PlainKeys<K>;
  #layout: FieldsLayout | undefined;

  /** See {@linkcode map}. */
  constructor(
    kind: "hashmap" | "hashset",
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
    const fault = key.keyFault;
    if (fault !== undefined) {
      throw new TypeError(`Cannot use ${key.describe()} as the key of a ${kind}: ${fault}`);
    }
  }

  /** Where key and value are in an entry. */
  get entry(): FieldsLayout {
    return this.#layout ??= structLayout([this.key, this.value]);
  }

  override get footprint(): number {
    return 256;
  }

  serialize(writer: Writer, value: C): void {
    if (!this.#container.is(value)) throw BAD_VALUE;
    const { schema, encode } = this.#plain;
    const items: V[] = [];
    const keys: unknown[] = [];
    for (const [key, item] of this.#container.entries(value)) {
      keys.push(encode(key));
      items.push(item);
    }
    // Nothing may be fed to the index that is not a key, and equal keys would never part.
    for (const key of keys) schema.accept(key, []);
    if (hasDuplicates(schema, keys)) throw BAD_VALUE;
    const { displacements, order } = buildIndex(schema, keys);

    const indexAt = writer.reserve(4 * keys.length, 4);
    displacements.forEach((displacement, i) => writer.setU32(indexAt + 4 * i, displacement));
    const bottom = writer.top;
    for (const i of order) {
      schema.serialize(writer, keys[i]);
      this.value.serialize(writer, items[i]!);
    }
    const { size, align, offsets } = this.entry;
    const start = writer.reserve(size * keys.length, align);
    const { cursor } = writer;
    writer.cursor = bottom;
    order.forEach((i, position) => {
      schema.resolve(writer, start + position * size + offsets[0]!, keys[i]);
      this.value.resolve(writer, start + position * size + offsets[1]!, items[i]!);
    });
    writer.cursor = cursor;
    writer.top = bottom;
    writer.push(keys.length);
    writer.push(indexAt);
    writer.push(start);
  }

  resolve(writer: Writer, at: number, _value: C): void {
    writer.setU32(at, writer.take());
    writer.setPointer(at + 4, writer.take());
    writer.setPointer(at + 8, writer.take());
  }

  read(reader: Reader, at: number): C {
    const { offsets } = this.entry;
    const { schema, decode } = this.#plain;
    const entries: [K, V][] = [];
    this.#visit(reader, at, (entryAt) => {
      const key = schema.read(reader, entryAt + offsets[0]!);
      entries.push([decode(key), this.value.read(reader, entryAt + offsets[1]!)]);
      return key;
    });
    return this.#container.from(entries);
  }

  check(reader: Reader, at: number): void {
    const { offsets } = this.entry;
    const depth = reader.path.length;
    this.#visit(reader, at, (entryAt, i) => {
      reader.path[depth] = i;
      // The index cannot be checked without the keys.
      const key = this.#plain.schema.read(reader, entryAt + offsets[0]!);
      reader.path[depth] = this.#container.step(key as K, i);
      this.value.check(reader, entryAt + offsets[1]!);
      reader.path.length = depth;
      return key;
    });
  }

  /** Claim index and entries, visit each entry for its key, then check that each key is found where it is. */
  #visit(reader: Reader, at: number, visit: (entryAt: number, index: number) => unknown): void {
    const { view } = reader;
    const { size, align } = this.entry;
    const count = view.getUint32(at, true);
    const index = reader.claim(at + 4, view.getInt32(at + 4, true), 4 * count, 4);
    checkDisplacements(reader, index, count);
    reader.low = index + 4 * count;
    const start = reader.claim(at + 8, view.getInt32(at + 8, true), count * size, align);
    reader.spend(count * entryFootprint(this), at);
    const { high } = reader;
    reader.high = start;
    const keys: unknown[] = [];
    for (let i = 0; i < count; i++) keys.push(visit(start + i * size, i));
    for (let i = 0; i < count; i++) {
      if (lookUp(reader, index, count, this.#plain.schema, keys[i]) !== i) {
        reader.fail("InvalidKeyPosition", start + i * size, "a key that its index leads to");
      }
    }
    reader.low = start + count * size;
    reader.high = high;
  }

  accept(value: unknown, path: Path): void {
    const container = this.#container;
    if (!container.is(value)) refuse(path, container.expected, value);
    const keys: unknown[] = [];
    let index = 0;
    for (const [key, item] of container.entries(value)) {
      const step = [...path, container.step(key, index++)];
      this.key.accept(key, step);
      this.value.accept(item, step);
      keys.push(this.#plain.encode(key));
    }
    if (hasDuplicates(this.#plain.schema, keys)) {
      const where = formatPath(path);
      throw new CodecError(
        "DuplicateKey",
        `Cannot encode ${where || "the value"}: two keys are equal in Rust`,
        where,
      );
    }
    buildIndex(this.#plain.schema, keys, path);
  }

  describe(): string {
    return this.kind === "hashset"
      ? `hashset<${this.key.describe()}>`
      : `hashmap<${this.key.describe()},${this.value.describe()}>`;
  }

  defaultValue(): C {
    return this.#container.from([]);
  }
}

function hasDuplicates(schema: Schema<unknown>, keys: readonly unknown[]): boolean {
  // What a Set holds apart is apart in Rust.
  if (schema instanceof SmallInt || schema instanceof BigInteger || schema.kind === "string") {
    return new Set(keys).size !== keys.length;
  }
  const sorted = [...keys].sort((a, b) => schema.compare(a, b));
  return sorted.some((key, i) => i > 0 && schema.compare(sorted[i - 1]!, key) === 0);
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
  return new HashMapSchema("hashmap", key, value, mapContainer<K, V>());
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
  return new HashMapSchema("hashset", key, unit, setContainer<K>());
}
