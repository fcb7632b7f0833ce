import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { TokenBucket } from "../../server/token_bucket.ts";

test("TokenBucket.take() gives a burst, then a steady rate, and keeps no more than a burst", () => {
  let now = 5;
  const bucket = new TokenBucket({ perSecond: 10, burst: 2 }, () => now);
  const take = (times: number): number =>
    Array.from({ length: times }, () => bucket.take())
      .filter(Boolean).length;
  assertEquals(take(5), 2);
  now += 99;
  assertEquals(take(5), 0);
  now += 1;
  assertEquals(take(5), 1);
  now += 1e9;
  assertEquals(take(5), 2);
  // A clock that jumps back adds and removes no tokens.
  now -= 1e9;
  assertEquals(take(5), 0);
  now += 100;
  assertEquals(take(5), 1);
});
