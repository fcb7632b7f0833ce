/**
 * Views of hash maps and sets, which look up keys by rkyv's own index.
 *
 * @module
 */
import { showKey } from "./collections.ts";
import { lookUp } from "./hash_index.ts";
import type { HashTable } from "./schema.ts";
import { entryFootprint } from "./footprint.ts";
import { probe } from "./view_key.ts";
import { type Access, Place, type Step, type ViewReader } from "./view_place.ts";

/** The readers of an entry's parts. */
export interface EntryAccess {
  /** Keys. */
  readonly key: Access;
  /** Values. */
  readonly value: Access;
}

/** The step from a map to the value of a key. */
export function keyStep(key: unknown): Step {
  return () => showKey(key);
}

/** Shared by views of both kinds of maps. */
export abstract class EntriesView extends Place {
  abstract readonly size: number;

  /** The value of a key. */
  abstract get(key: unknown): unknown;
  abstract has(key: unknown): boolean;
  abstract entries(): Generator<[unknown, unknown], void, void>;

  *keys(): Generator<unknown, void, void> {
    for (const [key] of this.entries()) yield key;
  }

  *values(): Generator<unknown, void, void> {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator](): Generator<unknown, void, void> {
    return this.entries();
  }
}

/** A view on a `HashMap`. */
export class HashMapView extends EntriesView {
  readonly #reader: ViewReader;
  readonly #schema: HashTable;
  readonly #access: EntryAccess;
  readonly #at: number;
  readonly #index: number;
  readonly #start: number;
  readonly size: number;

  constructor(
    schema: HashTable,
    access: EntryAccess,
    reader: ViewReader,
    at: number,
    up: Place | undefined,
    step: Step,
  ) {
    super({ schema }, reader, at, up, step);
    const { size, align } = schema.entry;
    const aimed = reader.aim(at, up, step);
    const count = reader.u32(at);
    this.#index = aimed.claim(at + 4, reader.i32(at + 4), 4 * count, 4);
    this.#start = aimed.claim(at + 8, reader.i32(at + 8), count * size, align);
    if (size === 0) aimed.allow(count * entryFootprint(schema), at);
    this.size = count;
    this.#reader = reader;
    this.#schema = schema;
    this.#access = access;
    this.#at = at;
  }

  /** Position of the entry of a key, or -1. */
  #find(key: unknown): number {
    const { key: schema, entry: { size, offsets } } = this.#schema;
    const compare = probe(schema, key);
    if (compare === undefined) return -1;
    const index = lookUp(this.#reader, this.#index, this.size, schema, key);
    if (index < 0) return -1;
    const entryAt = this.#start + index * size;
    const keyAt = entryAt + offsets[0]!;
    const aimed = this.#reader.aim(keyAt, this, index);
    return compare(aimed, keyAt) === 0 ? entryAt : -1;
  }

  get(key: unknown): unknown {
    const entryAt = this.#find(key);
    if (entryAt < 0) return undefined;
    const at = entryAt + this.#schema.entry.offsets[1]!;
    return this.#access.value(this.#reader, at, this, keyStep(key));
  }

  has(key: unknown): boolean {
    return this.#find(key) >= 0;
  }

  *entries(): Generator<[unknown, unknown], void, void> {
    const { size, offsets } = this.#schema.entry;
    for (let i = 0; i < this.size; i++) {
      const entryAt = this.#start + i * size;
      yield [
        this.#access.key(this.#reader, entryAt + offsets[0]!, this, i),
        this.#access.value(this.#reader, entryAt + offsets[1]!, this, i),
      ];
    }
  }
}
