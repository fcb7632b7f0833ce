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

test("systemClock.after() takes what was due before as late", async () => {
  const before = systemClock.now();
  const heardBy = await new Promise<number>((resolve) => systemClock.after(-1000, resolve));
  assert(heardBy >= before);
  assert(heardBy < systemClock.now(), "something could be heard after that moment");
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
