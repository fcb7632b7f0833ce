/**
 * Seeded damage to archives, and properties that must hold for any bytes.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { deepStrictEqual } from "node:assert";
import process from "node:process";
import { CodecError, type DecodeLimits, materialize, type Schema, view } from "../../codec/mod.ts";
import type { Backend } from "../support/backends.ts";

/** The seed of a run: fixed, unless `HARDLIGHT_SEED` is set. */
export const SEED: number = Number(process.env["HARDLIGHT_SEED"] ?? 20_240_501) | 0;

/** Budgets of these tests, low enough to be reached. */
export const LIMITS: DecodeLimits = { maxDepth: 64, maxDecodedBytes: 1 << 20 };

/** The most values per byte of an archive, not counting items without a size. */
const MAX_VALUES_PER_BYTE = 64;

/** Numbers from 0 up to `bound`, by a seed (mulberry32). */
export function randomFrom(seed: number): (bound: number) => number {
  let state = seed | 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor(((t ^ (t >>> 14)) >>> 0) / 2 ** 32 * bound);
  };
}

const WORDS = [0, 1, 2, 3, 7, 8, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x7fff_ffff, 0x8000_0000];

/** A damaged copy: one to three flips, words, copies or cuts. */
export function mutate(archive: Uint8Array, random: (bound: number) => number): Uint8Array {
  let bytes = archive.slice();
  for (let count = 1 + random(3); count > 0 && bytes.length > 0; count--) {
    const at = random(bytes.length);
    const view = new DataView(bytes.buffer);
    switch (random(8)) {
      case 0:
      case 1:
        bytes[at]! ^= 1 << random(8);
        break;
      case 2:
        bytes[at] = random(256);
        break;
      case 3:
        if (bytes.length >= 4) {
          const word = random(2) ? WORDS[random(WORDS.length)]! : -4 * random(bytes.length / 4 + 1);
          view.setInt32((at & ~3) <= bytes.length - 4 ? at & ~3 : 0, word, true);
        }
        break;
      case 4:
        if (bytes.length >= 4) {
          const word = (at & ~3) <= bytes.length - 4 ? at & ~3 : 0;
          view.setInt32(word, view.getInt32(word, true) + 4 * (random(9) - 4), true);
        }
        break;
      case 5:
        bytes.copyWithin(at & ~3, random(bytes.length) & ~3, bytes.length - random(4));
        break;
      case 6:
        bytes = bytes.slice(random(2) * random(8), bytes.length - random(8));
        break;
      case 7: {
        const longer = new Uint8Array(bytes.length + 1 + random(16));
        longer.set(bytes, random(2) * (longer.length - bytes.length));
        bytes = longer;
      }
    }
  }
  return bytes;
}

/** The result of reading an archive. */
export type Outcome = { readonly value: unknown } | {
  readonly code: string;
  readonly path: string;
};

/** Run, and let nothing through but a {@linkcode CodecError}. */
export function outcome(run: () => unknown): Outcome {
  try {
    return { value: run() };
  } catch (error) {
    if (!(error instanceof CodecError)) throw error;
    return { code: error.code, path: error.path };
  }
}

/** How many values a value is made of. */
export function countValues(value: unknown): number {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return 1;
  let count = 1;
  if (value instanceof Map) {
    for (const [k, v] of value) {
      count += countValues(k) + countValues(v);
    }
  } else if (value instanceof Set) { for (const k of value) count += countValues(k); }
  else for (const part of Object.values(value)) count += countValues(part);
  return count;
}

/**
 * Milliseconds that an archive may take. The fuzzers' archives have a few kilobytes, which take less than 1 ms.
 * The limit finds work that grows with numbers in an archive instead of its size.
 */
const MAX_MS = 2000;

/** Decode and validate, and check that they agree, and their cost. */
export function readBoth(
  { decode, validate }: Backend,
  schema: Schema<unknown>,
  archive: Uint8Array,
): Outcome {
  const started = performance.now();
  const decoded = outcome(() => decode(schema, archive, LIMITS));
  const validated = outcome(() => validate(schema, archive, LIMITS));
  const tookMs = performance.now() - started;
  assert(tookMs < MAX_MS, `${archive.length} bytes took ${tookMs} ms`);
  if ("code" in decoded) assertEquals(validated, decoded);
  else {
    assertEquals(validated, { value: undefined });
    const most = MAX_VALUES_PER_BYTE * (archive.length + LIMITS.maxDecodedBytes / 8);
    assert(countValues(decoded.value) <= most);
  }
  return decoded;
}

type Fields = Readonly<Record<string | number, unknown>>;
interface Collection extends Iterable<unknown> {
  readonly size: number;
  readonly length: number;
  at(i: number): unknown;
  get(key: unknown): unknown;
  has(key: unknown): boolean;
}

/** Check that a view equals the decoded value: every field, element and entry, by each way to reach it. */
export function assertShows(seen: unknown, value: unknown): void {
  if (typeof value !== "object" || value === null) {
    assert(Object.is(seen, value), `view shows ${String(seen)}, not ${String(value)}`);
  } else if (value instanceof Uint8Array) {
    deepStrictEqual(Uint8Array.from(seen as Uint8Array), Uint8Array.from(value));
  } else if (value instanceof Map) {
    const map = seen as Collection;
    // Two keys of a B-tree may be equal in a damaged archive; decoding keeps one, with the last value.
    if (map.size !== value.size) return;
    const entries = [...map] as [unknown, unknown][];
    assertEquals(entries.length, value.size);
    for (const [i, key] of [...value.keys()].entries()) {
      const item = value.get(key);
      assertShows(entries[i]![0], key);
      assertShows(entries[i]![1], item);
      assert(map.has(key));
      assertShows(map.get(key), item);
    }
  } else if (value instanceof Set) {
    const set = seen as Collection;
    if (set.size !== value.size) return;
    const keys = [...set];
    let i = 0;
    for (const key of value) {
      assertShows(keys[i++], key);
      assert(set.has(key));
    }
  } else if (Array.isArray(value)) {
    const list = seen as Collection;
    assertEquals(list.length, value.length);
    const items = [...list];
    value.forEach((item, i) => {
      assertShows(items[i], item);
      assertShows("at" in list ? list.at(i) : (seen as Fields)[i], item);
    });
  } else {
    for (const [key, part] of Object.entries(value)) assertShows((seen as Fields)[key], part);
  }
}

/** Read everything in a view, up to a budget; it may throw only {@linkcode CodecError}s. */
export function walk(seen: unknown, budget: { left: number }): void {
  if (budget.left-- <= 0 || typeof seen !== "object" || seen === null) return;
  if (seen instanceof Uint8Array) return;
  if (Symbol.iterator in seen) {
    outcome(() => {
      for (const item of seen as Iterable<unknown>) {
        if (budget.left <= 0) return;
        walk(item, budget);
      }
    });
    if ("has" in seen) {
      for (const key of ["", "key", 0, 7, 1n, true, null, undefined, {}, [], [1, 2]]) {
        outcome(() =>
          "get" in seen ? (seen as Collection).get(key) : (seen as Collection).has(key)
        );
      }
    }
    if ("has" in seen || "at" in seen) return;
  }
  for (const key in seen) outcome(() => walk((seen as Fields)[key], budget));
}

/** Maps and sets as lists: equal keys that are objects differ only by their order. */
function listed(value: unknown): unknown {
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  if (value instanceof Map || value instanceof Set || Array.isArray(value)) {
    return [value.constructor.name, Array.from(value, listed)];
  }
  return Object.entries(value).map(([key, part]) => [key, listed(part)]);
}

/** Check that two values are the same, the order of maps and sets included. */
export function assertSame(actual: unknown, expected: unknown): void {
  deepStrictEqual(listed(actual), listed(expected));
}

/** View an archive that decoded to `decoded`, or did not. */
export function checkView(schema: Schema<unknown>, archive: Uint8Array, decoded: Outcome): void {
  if ("code" in decoded) {
    outcome(() => walk(view(schema, archive, LIMITS), { left: 2000 }));
    return;
  }
  const seen = view(schema, archive, LIMITS);
  assertShows(seen, decoded.value);
  assertSame(materialize(seen as object), decoded.value);
}
