import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { Deadlines } from "../../client/deadlines.ts";
import { FakeClock } from "../support/fake_clock.ts";

function setup(): { clock: FakeClock; deadlines: Deadlines; due: Set<number>; fired: number[] } {
  const clock = new FakeClock();
  const due = new Set<number>();
  const fired: number[] = [];
  const deadlines = new Deadlines(clock, (now) => {
    fired.push(now);
    for (const at of due) if (at <= now) due.delete(at);
    return Math.min(...due);
  });
  return { clock, deadlines, due, fired };
}

test("Deadlines.add() keeps one timer, at the earliest", () => {
  const { clock, deadlines, due, fired } = setup();
  for (const delay of [300, 100, 500, 100, Infinity]) {
    const at = deadlines.in(delay);
    if (at !== Infinity) due.add(at);
    deadlines.add(at);
    assertEquals(clock.pending, 1);
  }
  assertEquals(clock.timersSet, 2);
  clock.advance(1000);
  assertEquals(fired, [1100, 1300, 1500]);
  assertEquals(clock.pending, 0);
});

test("Deadlines.add() sets no timer again for calls that were answered in time", () => {
  const { clock, deadlines } = setup();
  for (let i = 0; i < 1000; i++) {
    deadlines.add(deadlines.in(30_000));
    clock.advance(1);
  }
  assertEquals(clock.timersSet, 1);
});

test("Deadlines.add() sets no timer for Infinity", () => {
  const { clock, deadlines } = setup();
  deadlines.add(deadlines.in(Infinity));
  assertEquals(clock.timersSet, 0);
});

test("Deadlines.clear() leaves no timer", () => {
  const { clock, deadlines, fired } = setup();
  deadlines.add(deadlines.in(10));
  deadlines.clear();
  clock.advance(100);
  assertEquals(fired, []);
  assertEquals(clock.pending, 0);
});
