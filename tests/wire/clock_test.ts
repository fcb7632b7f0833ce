import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { systemClock } from "../../wire/clock.ts";

/** Do nothing else for so long. */
function block(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

/** Run all due timers. */
const later = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

test("systemClock.after() tells a timer that is on time or late by when all was heard", async () => {
  for (const blockedMs of [0, 100]) {
    const setAt = systemClock.now();
    const heardBy = new Promise<number>((resolve) => systemClock.after(20, resolve));
    block(blockedMs);
    const blockedUntil = systemClock.now();
    assert(await heardBy >= Math.max(setAt + 20, blockedUntil) - 1);
    assert(await heardBy <= systemClock.now());
  }
});

/** What a late timer is told if it is looked at again so long after it was found to be late. */
async function heardAfter(graceMs: number): Promise<number> {
  const { setTimeout } = globalThis;
  const { now } = performance;
  let nowMs = 1000;
  let due = (): void => {};
  let set: () => void;
  const waits = (): Promise<void> => new Promise((resolve) => set = resolve);
  const later = (run: (timer: unknown) => void, _delayMs: number, timer: unknown): void => {
    due = () => run(timer);
    set();
  };
  Object.assign(globalThis, { setTimeout: later });
  Object.assign(performance, { now: () => nowMs });
  try {
    let heardBy = 0;
    let isSet = waits();
    systemClock.after(-1000, (by) => heardBy = by);
    await isSet;
    isSet = waits();
    due();
    assertEquals(heardBy, 0, "it was late, and nothing could be heard");
    await isSet;
    nowMs += graceMs;
    due();
    return heardBy;
  } finally {
    Object.assign(globalThis, { setTimeout });
    Object.assign(performance, { now });
  }
}

test("systemClock.after() takes what was due before as late, and what came due while it waited as heard", async () => {
  assertEquals(await heardAfter(21), 1021);
  // It was blocked once more: who knows what came when.
  assertEquals(await heardAfter(200), 1000);
});

test("systemClock.after() asks the runtime for no negative delay, of which Node warns", async () => {
  const { setTimeout } = globalThis;
  const delays: unknown[] = [];
  const counting = (...args: unknown[]): unknown => {
    delays.push(args[1]);
    return Reflect.apply(setTimeout, globalThis, args);
  };
  Object.assign(globalThis, { setTimeout: counting });
  try {
    await new Promise((resolve) => systemClock.after(-1000, resolve));
  } finally {
    Object.assign(globalThis, { setTimeout });
  }
  assertEquals(delays[0], 0);
});

test("systemClock.clear() forgets a timer, also one that is late, and does nothing after it", async () => {
  const ran: string[] = [];
  const cleared = systemClock.after(1, () => ran.push("cleared"));
  systemClock.clear(cleared);
  const late = systemClock.after(1, () => ran.push("late"));
  block(50);
  // It is found to be late before this.
  await later(2);
  systemClock.clear(late);
  const done = systemClock.after(1, () => ran.push("done"));
  await later(100);
  systemClock.clear(done);
  systemClock.clear(undefined);
  assertEquals(ran, ["done"]);
});
