import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { ITEM_COST_BYTES } from "../../stream/lead.ts";
import {
  FIRST_MADE_BYTES,
  MADE_BYTES,
  openSharedWindow,
  OWN_BYTES,
  READ_BYTES,
  SHARED_BYTES,
  type SharedWindow,
  SMALL_BYTES,
} from "../../stream/shared_window.ts";

const MAX_ITEM_BYTES = 2_097_152;

/** A source that notes when it is resumed. */
function sourceOf(items = 1, isRead = false) {
  const source = { items, isRead, aheadBytes: 0, resumed: 0, resume: () => void source.resumed++ };
  return source;
}

/** Fill a window by one source. */
function fill(window: SharedWindow, bytes: number, isRead = false) {
  const source = sourceOf(1, isRead);
  window.sent(source, bytes - ITEM_COST_BYTES);
  return source;
}

test("an item goes that fits with all others into SHARED_BYTES", () => {
  const window = openSharedWindow();
  fill(window, SHARED_BYTES - MAX_ITEM_BYTES);
  const source = sourceOf(0);
  assertEquals(window.mustWait(source), false);
  assertEquals(window.admits(source, MAX_ITEM_BYTES - ITEM_COST_BYTES + 1), false);
  assertEquals(window.admits(source, MAX_ITEM_BYTES - ITEM_COST_BYTES), true);
});

test("small items of each stream go in any case", () => {
  const window = openSharedWindow();
  fill(window, READ_BYTES);
  const source = fill(window, SMALL_BYTES - 100);
  assertEquals(window.mustWait(source), false);
  assertEquals(window.admits(source, 100 - ITEM_COST_BYTES + 1), false);
  assertEquals(window.admits(source, 100 - ITEM_COST_BYTES), true);
});

test("any item goes of a stream that is being read, whatever 256 others have that are not", () => {
  const window = openSharedWindow();
  fill(window, SHARED_BYTES);
  for (let i = 0; i < 256; i++) fill(window, SMALL_BYTES);
  const unread = sourceOf();
  assertEquals(window.admits(unread, MAX_ITEM_BYTES), false);
  window.granted(unread, 0);
  assertEquals(unread.resumed, 1);
  assertEquals(window.admits(unread, MAX_ITEM_BYTES), true);
  window.sent(unread, OWN_BYTES);
  assertEquals(window.admits(unread, MAX_ITEM_BYTES), false);
});

test("one item of the oldest goes in any case", async () => {
  const window = openSharedWindow();
  const [oldest, next] = [sourceOf(0), sourceOf(0)];
  window.open(oldest);
  window.open(next);
  fill(window, READ_BYTES);
  assertEquals(window.admits(sourceOf(), FIRST_MADE_BYTES + 1), false);
  assertEquals([window.mustWait(oldest), window.admits(oldest, MAX_ITEM_BYTES)], [false, true]);
  assertEquals([window.mustWait(next), window.admits(next, MAX_ITEM_BYTES)], [true, false]);
  window.sent(oldest, OWN_BYTES);
  assertEquals(window.admits(oldest, MAX_ITEM_BYTES), false);
  window.forget(oldest);
  await Promise.resolve();
  assertEquals(next.resumed, 1);
  assertEquals(window.admits(next, MAX_ITEM_BYTES), true);
});

test("no more is made while much waits, but for streams that are being read, and first items", () => {
  const window = openSharedWindow();
  fill(window, SHARED_BYTES);
  const makes = (bytes: number): boolean[] => {
    assertEquals(window.admits(sourceOf(), bytes), false);
    return [sourceOf(), sourceOf(0), sourceOf(1, true)].map((source) => {
      const mayMake = !window.mustWait(source);
      window.forget(source);
      return mayMake;
    });
  };
  assertEquals(makes(MADE_BYTES), [true, true, true]);
  assertEquals(makes(FIRST_MADE_BYTES - MADE_BYTES), [false, true, true]);
  assertEquals(makes(SMALL_BYTES), [false, false, true]);
});

test("those that wait go on by what is granted, or of calls that are over, the first one first", async () => {
  const window = openSharedWindow();
  const order: string[] = [];
  const waits = (name: string) => {
    const source = sourceOf();
    source.resume = () => void (window.mustWait(source) || order.push(name));
    assertEquals(window.admits(source, MAX_ITEM_BYTES), false);
    return source;
  };
  const unread = fill(window, SHARED_BYTES);
  const sources = ["first", "second"].map(waits);
  // Again, without losing its place.
  assertEquals(window.mustWait(sources[0]!), true);
  window.granted(unread, MAX_ITEM_BYTES);
  assertEquals(order, []);
  window.granted(unread, ITEM_COST_BYTES);
  assertEquals(order, ["first", "second"]);
  window.sent(sources[0]!, MAX_ITEM_BYTES);
  window.granted(unread, 1);
  assertEquals(order, ["first", "second"]);
  window.forget(sources[0]!);
  assertEquals(sources[0]!.aheadBytes, 0);
  await Promise.resolve();
  assertEquals(order, ["first", "second", "second"]);
  // More than was sent is not more room.
  window.granted(sources[0]!, SHARED_BYTES);
  assertEquals(window.admits(sourceOf(), SHARED_BYTES), false);
});

test("a stream that is far ahead waits behind those that are not", () => {
  const window = openSharedWindow();
  const far = fill(window, OWN_BYTES, true);
  const other = fill(window, SHARED_BYTES - OWN_BYTES);
  assertEquals(window.admits(sourceOf(), MAX_ITEM_BYTES), false);
  window.granted(other, OWN_BYTES);
  assertEquals(window.mustWait(far), true);
  window.granted(far, 1);
  assertEquals(window.mustWait(far), false);
});
