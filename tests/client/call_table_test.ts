import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { MAX_CALLS_IN_FLIGHT } from "../../wire/page_limits.ts";
import { CallTable } from "../../client/call_table.ts";

function full(): CallTable<string> {
  const table = new CallTable<string>();
  for (let i = 0; i < MAX_CALLS_IN_FLIGHT; i++) table.open(`call ${i}`);
  return table;
}

test("CallTable.open() gives each of the 256 ids once, then none", () => {
  const table = new CallTable<number>();
  const ids = Array.from({ length: 256 }, (_, i) => table.open(i));
  assertEquals(ids.toSorted((a, b) => a - b), Array.from({ length: 256 }, (_, i) => i));
  assertEquals(table.inFlight, 256);
  assertEquals(table.open(256), -1);
  assertEquals(table.settle(17), 17);
  assertEquals(table.open(257), 17);
});

test("CallTable.open() takes the id that has been free for longest", () => {
  const table = new CallTable<string>();
  const first = table.open("first");
  table.settle(first);
  const others = Array.from({ length: 255 }, () => table.open("other"));
  assertEquals(others.includes(first), false);
  assertEquals(table.open("last"), first);
});

test("CallTable.settle() gives the reply to the call that holds the id", () => {
  const table = new CallTable<string>();
  const a = table.open("a");
  const b = table.open("b");
  assertEquals(table.settle(b), "b");
  assertEquals(table.settle(a), "a");
  assertEquals(table.inFlight, 0);
});

test("CallTable.settle() returns undefined for a second reply and an unknown id", () => {
  const table = new CallTable<string>();
  const id = table.open("a");
  table.settle(id);
  table.open("b");
  assertEquals(table.settle(id), undefined);
  assertEquals(table.settle(200), undefined);
  assertEquals(table.waiting(), ["b"]);
});

test("CallTable.abandon() keeps the id until the late reply arrives", () => {
  const table = full();
  table.abandon(9);
  assertEquals(table.abandoned, 1);
  assertEquals(table.open("next"), -1);
  assertEquals(table.settle(9), null);
  assertEquals(table.abandoned, 0);
  assertEquals(table.open("next"), 9);
});

test("CallTable.abandon() counts a call once, and ignores an id without a waiting call", () => {
  const table = new CallTable<string>();
  const id = table.open("a");
  table.abandon(id);
  table.abandon(id);
  table.abandon(200);
  assertEquals(table.abandoned, 1);
});
