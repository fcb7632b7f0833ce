import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { test } from "node:test";
import { buildIndex } from "../../codec/hash_index.ts";
import { CodecError, decode, encode, map, u32 } from "../../codec/mod.ts";
import { SeaHasher } from "../../codec/sea_hash.ts";

/** Keys that all fall into one bucket of an index of `count` keys. */
function collidingKeys(count: number): number[] {
  const hasher = new SeaHasher();
  const keys: number[] = [];
  for (let key = 0; keys.length < count; key++) {
    hasher.reset();
    hasher.u32(key);
    if (hasher.finish(count) === 0) keys.push(key);
  }
  return keys;
}

test("buildIndex() gives up on keys that were chosen to collide", () => {
  for (const count of [24, 64, 256]) {
    let error: unknown;
    try {
      buildIndex(u32, collidingKeys(count));
    } catch (caught) {
      error = caught;
    }
    assertInstanceOf(error, CodecError);
    assertEquals(error.code, "TooLong");
  }
});

test("buildIndex() places keys that nobody chose, and a few that collide", () => {
  for (const count of [4, 6]) {
    const { order } = buildIndex(u32, collidingKeys(count));
    assertEquals(new Set(order).size, count);
  }
  for (const count of [1, 2, 10, 100, 5000]) {
    const keys = Array.from({ length: count }, (_, i) => Math.imul(i, 2654435761) >>> 0);
    const { order } = buildIndex(u32, keys);
    assertEquals(new Set(order).size, count);
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
