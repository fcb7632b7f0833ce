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

const NEXT: readonly (readonly [attempt: number, lastedMs: number, expected: number])[] = [
  [0, 0, 1],
  [0, 99, 1],
  [0, 100, 0],
  [3, 799, 4],
  [3, 800, 0],
  [20, 29_999, 21],
  [20, 30_000, 0],
];
for (const [attempt, lastedMs, expected] of NEXT) {
  test(`nextAttempt(${attempt}) after ${lastedMs} ms is ${expected}`, () => {
    assertEquals(nextAttempt(attempt, lastedMs), expected);
  });
}
