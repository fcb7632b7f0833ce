import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { nextBackoffMs } from "../../client/reconnect.ts";
import { FIRST_BACKOFF_MS } from "../../wire/page_limits.ts";

test("nextBackoffMs() doubles to 30 s after attempts that fail", () => {
  const all = [FIRST_BACKOFF_MS];
  while (all.length < 11) all.push(nextBackoffMs(all.at(-1)!, 0, false));
  assertEquals(all, [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
});

const NEXT: readonly (readonly [
  lastMs: number,
  lastedMs: number,
  used: boolean,
  expected: number,
])[] = [
  [100, 0, true, 200],
  [100, 150, true, 200], // a server that hangs up after its first answer
  [100, 4999, true, 200],
  [100, 5000, true, 100],
  [100, 5000, false, 200],
  [100, 30_000, false, 100],
  [3200, 4999, true, 6400],
  [6400, 6399, true, 12_800],
  [6400, 6400, true, 100],
  [30_000, 29_999, true, 30_000],
  [30_000, 30_000, true, 100],
];
for (const [lastMs, lastedMs, used, expected] of NEXT) {
  const how = `after ${lastedMs} ms, ${used ? "" : "un"}used`;
  test(`nextBackoffMs(${lastMs}) ${how}, is ${expected}`, () => {
    assertEquals(nextBackoffMs(lastMs, lastedMs, used), expected);
  });
}
