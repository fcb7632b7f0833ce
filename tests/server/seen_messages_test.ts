import { assertEquals } from "@std/assert";
import { test } from "node:test";
import {
  FORGIVE_AFTER_MS,
  IMPOSSIBLE,
  MAX_SEEN_NODES,
  MAX_SKIPPED_EVENTS,
  SeenMessages,
  STALE,
} from "../../server/seen_messages.ts";

test("SeenMessages.accept() counts missing messages, and takes none twice or late", () => {
  const seen = new SeenMessages();
  const now = (): number => 0;
  const given = [[7, 2], [9, 1], [9, 1], [7, 2], [15, 1], [12, 1], [16, 4]] as const;
  assertEquals(given.map(([number, count]) => seen.accept(1, number, count, now)), [
    0,
    0,
    STALE,
    STALE,
    5,
    STALE,
    0,
  ]);
  assertEquals(seen.accept(2, 0, 1, now), 0);
});

test("SeenMessages.accept() forgives a forged jump, and refuses one that no node can make", () => {
  const seen = new SeenMessages();
  let time = 0;
  const accept = (number: number): number => seen.accept(1, number, 1, () => time);
  accept(0);
  assertEquals(accept(1 + MAX_SKIPPED_EVENTS), IMPOSSIBLE);
  assertEquals(accept(2 ** 53 - 1), IMPOSSIBLE);
  assertEquals(accept(1), 0);
  assertEquals(accept(1_000_000), 999_998);
  assertEquals(accept(2), STALE);
  time += FORGIVE_AFTER_MS;
  assertEquals(accept(1), STALE);
  assertEquals([accept(3), accept(4), accept(4)], [0, 0, STALE]);
});

test("SeenMessages.accept() forgives a forged first message of a node", () => {
  const seen = new SeenMessages();
  assertEquals(seen.accept(1, 2 ** 53 - 1, 1, () => 0), 0);
  assertEquals(seen.accept(1, 40, 1, () => 10), STALE);
  assertEquals(seen.accept(1, 41, 1, () => FORGIVE_AFTER_MS), 0);
});

test("SeenMessages.accept() knows MAX_SEEN_NODES nodes; one more costs the one known longest its place", () => {
  const seen = new SeenMessages();
  const accept = (node: number): number => seen.accept(node, 5, 1, () => 0);
  for (let node = 0; node <= MAX_SEEN_NODES; node++) accept(node);
  assertEquals([accept(1), accept(MAX_SEEN_NODES), accept(0)], [STALE, STALE, 0]);
});
