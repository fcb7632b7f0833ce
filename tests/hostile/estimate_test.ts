/** A decoded value takes no more memory than its estimate, or little more. */
import { assert } from "@std/assert";
import { test } from "node:test";
import process from "node:process";
import { readArchive } from "../../codec/archive.ts";
import { generate } from "../../codec/compiler.ts";
import {
  array,
  bool,
  box,
  btreeMap,
  btreeSet,
  bytes,
  char,
  cString,
  duration,
  encode,
  f64,
  map,
  option,
  type Schema,
  set,
  string,
  struct,
  tuple,
  u16Array,
  u32,
  u64,
  u8,
  unit,
  variants,
  vec,
} from "../../codec/mod.ts";
import { Reader } from "../../codec/reader.ts";
import { collectGarbage } from "../support/garbage.ts";

/** How much more than estimated there may be: engines differ. */
const MOST = 1.4;
const ELEMENTS = 2000;
/** Number of decodings, so that other memory use is small in comparison. */
const TIMES = 20;

function memory(): number {
  collectGarbage();
  collectGarbage();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

const eight = Object.fromEntries([..."abcdefgh"].map((name) => [name, u8]));
const VALUES: Readonly<Record<string, readonly [item: Schema<unknown>, value: unknown]>> = {
  "units": [unit, undefined],
  "structs of nothing": [struct({}), {}],
  "structs of one": [struct({ a: u8 }), { a: 1 }],
  "structs of eight": [
    struct(eight),
    Object.fromEntries([..."abcdefgh"].map((name) => [name, 1])),
  ],
  "bools": [bool, true],
  "numbers": [u32, 4_000_000_000],
  "large numbers": [u64, 2n ** 63n],
  "floats": [f64, 1.5],
  "empty strings": [string, ""],
  "strings": [string, "äbcd"],
  "C strings": [cString, "äbcd"],
  "characters": [char, "😀"],
  "empty bytes": [bytes, new Uint8Array(0)],
  "bytes": [bytes, new Uint8Array(1)],
  "number arrays": [u16Array, new Uint16Array(1)],
  "empty vecs": [vec(u8), []],
  "vecs": [vec(bool), [true]],
  "vecs of vecs": [vec(vec(unit)), [[]]],
  "empty maps": [map(u8, u8), new Map()],
  "maps": [map(u8, u8), new Map([[1, 1]])],
  "sets": [set(u8), new Set([1])],
  "sorted maps": [btreeMap(u8, u8), new Map([[1, 1]])],
  "sorted maps of maps": [btreeMap(u8, map(u8, u8)), new Map([[1, new Map([[1, 1]])]])],
  "sorted sets": [btreeSet(u8), new Set([1])],
  "options": [option(struct({})), {}],
  "tuples": [tuple(u8), [1]],
  "tuples of tuples": [tuple(tuple(u8), tuple(u8)), [[1], [2]]],
  "arrays": [array(bool, 16), new Array(16).fill(true)],
  "arrays of structs": [array(struct({}), 4), [{}, {}, {}, {}]],
  "boxes": [box(struct({ a: u8 })), { a: 1 }],
  "unit variants": [variants({ a: null, b: null }), { type: "a" }],
  "variants": [variants({ a: u8, b: null }), { type: "a", value: 1 }],
  "durations": [duration, { secs: 1n, nanos: 1 }],
};

for (const [name, [item, value]] of Object.entries(VALUES)) {
  test(`${name} take no more memory than their estimate`, () => {
    const schema = vec(item);
    const archive = encode(schema, new Array(ELEMENTS).fill(value));
    const reader = new Reader();
    reader.reset(archive);
    const read = () => readArchive(generate, schema, reader, 0, archive.length);
    // Its compiled code does not count.
    for (let n = 0; n < 5; n++) read();
    const before = memory();
    const kept = Array.from({ length: TIMES }, read);
    const bytes = (memory() - before) / TIMES;
    assert(kept.length === TIMES);
    const estimated = reader.spent + archive.length;
    assert(bytes <= estimated * MOST, `${Math.round(bytes)} bytes, estimated as ${estimated}`);
  });
}
