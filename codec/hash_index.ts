/**
 * rkyv's hash index: compress, hash and displace.
 *
 * An entry's position depends only on the set of keys, so the bytes don't depend on the order of insertion.
 *
 * Rust: `rkyv/src/collections/hash_index/mod.rs`, rkyv 0.7.46.
 *
 * @module
 */
import { refusal } from "./errors.ts";
import { EMPTY_BUCKET, FIRST_SEED } from "./layout.ts";
import type { Reader } from "./reader.ts";
import type { AnySchema } from "./schema.ts";
import { type Fed, Feeder, hash } from "./sea_hash.ts";
import { Writer } from "./writer.ts";

/** The index. */
export interface HashIndex {
  /** One per bucket, as `i32`. */
  readonly displacements: readonly number[];
  /** For each position, the index of the key there. */
  readonly order: readonly number[];
}

/**
 * Build the index of distinct keys, which lie on the writer's scratch.
 *
 * @throws {CodecError} `TooLong` if the keys collide so often that the search for seeds exceeds its bound. Rust has no
 * such bound.
 */
export function buildIndex(writer: Writer, keys: readonly Fed[]): HashIndex {
  // Ordinary keys need fewer than ten seeded hashes each; keys chosen to collide would need practically unlimited ones.
  const FREE_HASHES = 8192;
  const HASHES_PER_KEY = 64;
  const count = keys.length;
  const buckets: number[][] = keys.map(() => []);
  keys.forEach((key, i) => buckets[hash(writer, key, count)]!.push(i));
  const sorted = [...buckets.keys()].sort((a, b) =>
    buckets[b]!.length - buckets[a]!.length || a - b
  );

  const displacements = keys.map(() => EMPTY_BUCKET);
  const order = keys.map(() => -1);
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
      if (hashesLeft < 0) {
        throw refusal(
          writer,
          "TooLong",
          `the hashes of its ${count} keys collide too often; a btreeMap or btreeSet takes any keys`,
        );
      }
      const positions = members.map((i) => hash(writer, keys[i]!, count, seed));
      if (positions.some((p, i) => order[p]! >= 0 || positions.indexOf(p) !== i)) continue;
      positions.forEach((p, i) => order[p] = members[i]!);
      displacements[bucket] = seed;
      break;
    }
  }
  return { displacements, order };
}

/** For the hashes of looked up keys. */
const scratch = /* @__PURE__ */ new Writer(0);
const feeder = /* @__PURE__ */ new Feeder(scratch);

/** The position where `key` would be, or -1. `displacements` is their position in the archive. */
export function lookUp(
  reader: Reader,
  displacements: number,
  count: number,
  schema: AnySchema,
  key: unknown,
): number {
  /** Largest kept scratch, in bytes. */
  const MAX_KEPT_BYTES = 4096;
  if (count === 0) return -1;
  // A conversion in the key may look up another one.
  const { top } = scratch;
  const fed = feeder.feed(schema, key);
  const displacement = reader.i32(displacements + 4 * hash(scratch, fed, count));
  const place = displacement < EMPTY_BUCKET
    ? hash(scratch, fed, count, displacement)
    : displacement < count
    ? displacement
    : -1;
  scratch.top = top;
  // A key may have been large.
  if (top === 0 && scratch.out.length > MAX_KEPT_BYTES) scratch.setScratch();
  return place;
}

/** Check that every displacement is a position, a seed or empty. */
export function checkDisplacements(reader: Reader, displacements: number, count: number): void {
  for (let i = 0; i < count; i++) {
    if (reader.i32(displacements + 4 * i) >= count) {
      reader.fail("InvalidDisplacement", displacements + 4 * i, count);
    }
  }
}
