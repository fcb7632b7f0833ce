import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { backoffMs, nextAttempt } from "../../client/reconnect.ts";

const CASES: readonly (readonly [attempt: number, random: number, expected: number])[] = [
  [0, 0, 0],
  [0, 0.5, 50],
  [0, 1, 100],
  [1, 1, 200],
  [4, 0.25, 400],
  [8, 1, 25_600],
  [9, 1, 30_000],
  [9, 0.5, 15_000],
  [5_000, 1, 30_000],
];
for (const [attempt, random, expected] of CASES) {
  test(`backoffMs(${attempt}, ${random}) is ${expected}`, () => {
    assertEquals(backoffMs(attempt, random), expected);
  });
}

const NEXT: readonly (readonly [
  attempt: number,
  lastedMs: number,
  used: boolean,
  expected: number,
])[] = [
  [0, 0, true, 1],
  [0, 150, true, 1], // a server that hangs up after its first answer
  [0, 4999, true, 1],
  [0, 5000, true, 0],
  [0, 5000, false, 1],
  [0, 30_000, false, 0],
  [5, 4999, true, 6],
  [6, 6399, true, 7],
  [6, 6400, true, 0],
  [20, 29_999, true, 21],
  [20, 30_000, true, 0],
];
for (const [attempt, lastedMs, used, expected] of NEXT) {
  test(`nextAttempt(${attempt}) after ${lastedMs} ms, ${used ? "" : "un"}used, is ${expected}`, () => {
    assertEquals(nextAttempt(attempt, lastedMs, used), expected);
  });
}
