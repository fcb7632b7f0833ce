/**
 * rkyv's hash index: compress, hash and displace.
 *
 * An entry's position depends only on the set of keys, so the bytes don't depend on the order of insertion.
 *
 * Rust: `rkyv/src/collections/hash_index/mod.rs`, rkyv 0.7.46.
 *
 * @module
 */
import { type CodecError, refusal } from "./errors.ts";
import type { Reader } from "./reader.ts";
import type { Schema } from "./schema.ts";
import { feed as feedTo } from "./hash.ts";
import { SeaHasher } from "./sea_hash.ts";

/** Displacement of an empty bucket. */
const EMPTY = 0xffff_ffff;
/** Displacements from here on are seeds; below, positions. */
const FIRST_SEED = 0x8000_0000;

/**
 * Most seeded hashes in a search for seeds: this many plus {@linkcode HASHES_PER_KEY} per key. Ordinary keys need fewer
 * than ten per key; keys chosen to collide would need practically unlimited ones.
 */
const FREE_HASHES = 8192;
const HASHES_PER_KEY = 64;

/** One hasher is enough: hashing is synchronous. */
const hasher = /* @__PURE__ */ new SeaHasher();

function feed<K>(schema: Schema<K>, key: K): SeaHasher {
  hasher.reset();
  feedTo(hasher, schema, key);
  return hasher;
}

/** The index. */
export interface HashIndex {
  /** One per bucket. */
  readonly displacements: readonly number[];
  /** For each position, the index of the key there. */
  readonly order: readonly number[];
}

/**
 * Build the index of distinct keys. `where` is the map's path in a value.
 *
 * @throws {CodecError} `TooLong` if the keys collide so often that the search for seeds exceeds its bound. Rust has no
 * such bound.
 */
export function buildIndex<K>(
  schema: Schema<K>,
  keys: readonly K[],
  where: () => string = () => "",
): HashIndex {
  const count = keys.length;
  const buckets: number[][] = Array.from({ length: count }, () => []);
  keys.forEach((key, i) => buckets[feed(schema, key).finish(count)]!.push(i));
  const sorted = [...buckets.keys()].sort((a, b) =>
    buckets[b]!.length - buckets[a]!.length || a - b
  );

  const displacements = new Array<number>(count).fill(EMPTY);
  const order = new Array<number>(count).fill(-1);
  let free = 0;
  let hashesLeft = FREE_HASHES + HASHES_PER_KEY * count;
  for (const bucket of sorted) {
    const members = buckets[bucket]!;
    if (members.length === 1) {
      free = order.indexOf(-1, free);
      order[free] = members[0]!;
      displacements[bucket] = free;
    }
    for (let seed = FIRST_SEED; members.length > 1; seed++) {
      hashesLeft -= members.length;
      if (hashesLeft < 0) throw collides(count, where());
      const positions = members.map((i) => feed(schema, keys[i]!).finishSeeded(seed, count));
      if (positions.some((p, i) => order[p]! >= 0 || positions.indexOf(p) !== i)) continue;
      positions.forEach((p, i) => order[p] = members[i]!);
      displacements[bucket] = seed;
      break;
    }
  }
  return { displacements, order };
}

function collides(count: number, where: string): CodecError {
  return refusal(
    "TooLong",
    where,
    `the hashes of its ${count} keys collide too often; a btreeMap or btreeSet takes any keys`,
  );
}

/** The position where `key` would be, or -1. `displacements` is their position in the archive. */
export function lookUp<K>(
  reader: Reader,
  displacements: number,
  count: number,
  schema: Schema<K>,
  key: K,
): number {
  if (count === 0) return -1;
  const fed = feed(schema, key);
  const displacement = reader.u32(displacements + 4 * fed.finish(count));
  if (displacement === EMPTY) return -1;
  if (displacement < FIRST_SEED) return displacement < count ? displacement : -1;
  return fed.finishSeeded(displacement, count);
}

/** Check that every displacement is a position, a seed or empty. */
export function checkDisplacements(reader: Reader, displacements: number, count: number): void {
  for (let i = 0; i < count; i++) {
    const displacement = reader.u32(displacements + 4 * i);
    if (displacement >= count && displacement < FIRST_SEED) {
      reader.fail("InvalidDisplacement", displacements + 4 * i, count);
    }
  }
}
