import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { test } from "node:test";
import { btreeMap, CodecError, decode, encode, map, struct, u32 } from "../../codec/mod.ts";
import type { AnySchema } from "../../codec/schema.ts";
import { Feeder, hash } from "../../codec/sea_hash.ts";
import { Writer } from "../../codec/writer.ts";
import { BACKENDS } from "../support/backends.ts";
import { indexOf } from "../support/hash_index.ts";

/** Keys that all fall into one bucket of an index of `among` keys. */
function collidingKeys(count: number, among = count): number[] {
  const writer = new Writer();
  const feeder = new Feeder(writer);
  const keys: number[] = [];
  for (let key = 0; keys.length < count; key++) {
    writer.top = 0;
    if (hash(writer, feeder.feed(u32 as AnySchema, key), among) === 0) keys.push(key);
  }
  return keys;
}

test("buildIndex() gives up on keys that were chosen to collide", () => {
  for (const count of [24, 64, 256]) {
    let error: unknown;
    try {
      indexOf(u32 as AnySchema, collidingKeys(count));
    } catch (caught) {
      error = caught;
    }
    assertInstanceOf(error, CodecError);
    assertEquals(error.code, "TooLong");
  }
});

test("buildIndex() places random keys, and a few that collide", () => {
  for (const count of [4, 6]) {
    const { order } = indexOf(u32 as AnySchema, collidingKeys(count));
    assertEquals(new Set(order).size, count);
  }
  for (const count of [1, 2, 10, 100, 5000]) {
    const keys = Array.from({ length: count }, (_, i) => Math.imul(i, 2654435761) >>> 0);
    const { order } = indexOf(u32 as AnySchema, keys);
    assertEquals(new Set(order).size, count);
  }
});

test("60 chosen keys among 100 are refused with what to do, and a B-tree takes them", () => {
  const names = struct({ names: map(u32, u32) });
  const sorted = struct({ names: btreeMap(u32, u32) });
  const chosen = collidingKeys(60, 100);
  const others = Array.from({ length: 40 }, (_, i) => 2 ** 32 - 1 - i);
  const value = { names: new Map([...chosen, ...others].map((key) => [key, 0])) };
  for (const { encode, decode } of BACKENDS) {
    const error = assertThrows(() => encode(names, value), CodecError);
    assertEquals([error.code, error.path], ["TooLong", "names"]);
    assertStringIncludes(error.message, "btreeMap");
    assertEquals(decode(sorted, encode(sorted, value)).names.size, 100);
  }
});

test("encode() refuses a map whose keys were chosen to collide, and encodes the next", () => {
  const schema = map(u32, u32);
  const hostile = new Map(collidingKeys(64).map((key) => [key, 0]));
  let error: unknown;
  try {
    encode(schema, hostile);
  } catch (caught) {
    error = caught;
  }
  assertInstanceOf(error, CodecError);
  assertEquals(error.code, "TooLong");
  const friendly = new Map([[1, 2], [3, 4]]);
  assert(decode(schema, encode(schema, friendly)).get(3) === 4);
});
