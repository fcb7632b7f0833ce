import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { ITEM_COST_BYTES } from "../../stream/lead.ts";
import {
  OLDER_BYTES,
  openSharedWindow,
  OWN_BYTES,
  READ_BYTES,
  SHARED_BYTES,
  type SharedWindow,
} from "../../stream/shared_window.ts";

/** A source that notes when it is resumed. */
function sourceOf(items = 1) {
  const source = { items, aheadBytes: 0, resumed: 0, resume: () => void source.resumed++ };
  return source;
}

/** Fill a window by one source. */
function fill(window: SharedWindow, bytes: number) {
  const source = sourceOf();
  window.sent(source, bytes - ITEM_COST_BYTES);
  return source;
}

test("a new stream, and one that is far ahead, wait from SHARED_BYTES on", () => {
  for (const [bytes, waits] of [[SHARED_BYTES - 1, false], [SHARED_BYTES, true]] as const) {
    const window = openSharedWindow();
    const full = fill(window, bytes);
    assertEquals([window.mustWait(sourceOf(0)), window.mustWait(full)], [waits, waits]);
  }
});

test("a stream of which everything was read waits from READ_BYTES on, one with little on its way never", () => {
  for (const [bytes, waits] of [[READ_BYTES - 1, false], [READ_BYTES, true]] as const) {
    const window = openSharedWindow();
    fill(window, bytes);
    assertEquals(window.mustWait(sourceOf()), waits);
  }
  const window = openSharedWindow();
  fill(window, READ_BYTES);
  const own = fill(window, OWN_BYTES - 1);
  assertEquals(window.mustWait(own), false);
  window.sent(own, 1);
  assertEquals(window.mustWait(own), true);
});

test("what is granted, or belongs to a call that is over, lets those go on that wait, each once", async () => {
  const window = openSharedWindow();
  const first = fill(window, READ_BYTES);
  const second = fill(window, OWN_BYTES);
  const read = sourceOf();
  assertEquals([first, second, read].map(window.mustWait), [true, true, true]);
  window.granted(second, OWN_BYTES);
  assertEquals([first.resumed, second.resumed, read.resumed], [0, 1, 0]);
  window.granted(first, 1);
  assertEquals([first.resumed, read.resumed], [1, 1]);
  // More than was sent is not more room.
  window.granted(second, OWN_BYTES);
  assertEquals([first, second, read].map(window.mustWait), [true, false, false]);
  const other = sourceOf(0);
  assertEquals(window.mustWait(other), true);
  window.forget(first);
  assertEquals([first.aheadBytes, first.resumed, other.resumed], [0, 1, 0]);
  await Promise.resolve();
  assertEquals([first.resumed, other.resumed], [1, 1]);
  assertEquals(window.mustWait(other), false);
});

test("a stream never waits while those of older calls have little on their way, whatever younger ones have", () => {
  const window = openSharedWindow();
  const [first, second, third, young] = [sourceOf(0), sourceOf(0), sourceOf(0), sourceOf()];
  for (const source of [first, second, third, young]) window.open(source);
  window.sent(young, READ_BYTES);
  assertEquals([first, second, third].map(window.mustWait), [false, false, false]);
  window.sent(first, OLDER_BYTES - ITEM_COST_BYTES - 1);
  assertEquals([first, second, third].map(window.mustWait), [false, false, false]);
  window.sent(second, 1);
  assertEquals([first, second, third].map(window.mustWait), [false, false, true]);
  window.granted(second, OLDER_BYTES);
  assertEquals([third.resumed, window.mustWait(third)], [1, false]);
});

test("streams of the oldest calls go on once those before are read or over, whatever younger ones have", async () => {
  const window = openSharedWindow();
  const [first, second, third, young] = [sourceOf(), sourceOf(0), sourceOf(0), sourceOf()];
  for (const source of [first, second, third, young]) window.open(source);
  window.sent(young, 2 * READ_BYTES);
  window.sent(first, OLDER_BYTES);
  assertEquals([second, third].map(window.mustWait), [true, true]);
  second.resume = () => {
    second.resumed++;
    window.sent(second, OLDER_BYTES);
  };
  window.granted(first, 2 * ITEM_COST_BYTES);
  assertEquals([second.resumed, third.resumed], [1, 0]);
  window.forget(second);
  await Promise.resolve();
  assertEquals([second.resumed, third.resumed, window.mustWait(third)], [1, 1, false]);
});
