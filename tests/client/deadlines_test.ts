import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { interruptible, type Waits } from "../../wire/waiting.ts";
import { MAX_DELAY_MS } from "../../wire/option_kinds.ts";
import { Deadlines, type Turn } from "../../client/deadlines.ts";
import { FakeClock } from "../support/fake_clock.ts";

function setup() {
  const clock = new FakeClock();
  const due: { turn: Turn; delayMs: number }[] = [];
  const fired: number[] = [];
  const deadlines = new Deadlines(clock, (now) => {
    fired.push(now);
    const at = due.map(({ turn, delayMs }) => turn.endedAt + delayMs);
    return Math.min(...at.filter((each) => each > now));
  });
  const start = (delayMs: number): void => {
    due.push({ turn: deadlines.start(delayMs), delayMs });
  };
  return { clock, deadlines, start, due, fired };
}

test("Deadlines.start() keeps one timer, at the earliest", async () => {
  const { clock, start, fired } = setup();
  for (const delay of [300, 100, 500, 100, Infinity]) {
    start(delay);
    await Promise.resolve();
    assertEquals(clock.pending, 1);
  }
  assertEquals(clock.timersSet, 2);
  clock.advance(999);
  assertEquals(fired, [1100, 1300, 1500]);
  assertEquals(clock.pending, 0);
});

test("Deadlines.start() reads the clock once for a turn, at its end", async () => {
  const { clock, start, due, fired } = setup();
  start(300);
  start(100);
  start(200);
  clock.advance(50);
  assertEquals([clock.timersSet, due[0]?.turn.endedAt], [0, NaN]);
  await Promise.resolve();
  assertEquals(new Set(due.map(({ turn }) => turn.endedAt)), new Set([1050]));
  start(10);
  await Promise.resolve();
  clock.advance(1000);
  assertEquals(fired, [1060, 1150, 1250, 1350]);
});

test("Deadlines.start() sets no timer again for calls that were answered in time", async () => {
  const { clock, start } = setup();
  for (let i = 0; i < 999; i++) {
    start(30_000);
    await Promise.resolve();
    clock.advance(1);
  }
  assertEquals(clock.timersSet, 1);
});

test("Deadlines.start() sets no timer for Infinity", async () => {
  const { clock, start } = setup();
  start(Infinity);
  await Promise.resolve();
  assertEquals(clock.timersSet, 0);
});

test("Deadlines.clear() leaves no timer", async () => {
  const { clock, deadlines, start, fired } = setup();
  start(10);
  await Promise.resolve();
  start(5);
  deadlines.clear();
  await Promise.resolve();
  clock.advance(100);
  assertEquals([fired, clock.pending], [[], 0]);
});

test("Deadlines keeps no timer for longer than a second where nothing is waited for", async () => {
  const clock = new FakeClock();
  let earliest = Infinity;
  const deadlines = new Deadlines(clock, () => earliest);
  const turn = deadlines.start(30_000);
  await Promise.resolve();
  earliest = turn.endedAt + 30_000;
  clock.advance(5000);
  assertEquals(clock.pending, 1);
  // It was answered.
  earliest = Infinity;
  clock.advance(1000);
  assertEquals(clock.pending, 0);
});

test("a wait has a timer up to MAX_DELAY_MS, and none beyond, which would fire at once", () => {
  const delays: number[] = [];
  const waits: Waits = {
    now: () => 0,
    after: (delayMs) => {
      delays.push(delayMs);
      return () => {};
    },
    onAbort: () => () => {},
  };
  for (const delayMs of [1, MAX_DELAY_MS, MAX_DELAY_MS + 1, Infinity]) {
    void interruptible(waits, () => () => {}, () => new Error(), undefined, delayMs);
  }
  assertEquals(delays, [1, MAX_DELAY_MS]);
});
