import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import {
  notificationsOf,
  type TopicNotification,
  type TopicNotifications,
} from "../../server/event_switch.ts";
import type { Sink } from "../../stream/queue.ts";
import { Topic } from "../../wire/topic.ts";
import { collectAll, collected } from "../support/garbage.ts";

const CREATED: TopicNotification = { type: "created", topic: Topic.from("room") };

function setup(): { queues: Set<Sink<TopicNotification>>; open: () => TopicNotifications } {
  const queues = new Set<Sink<TopicNotification>>();
  return { queues, open: () => notificationsOf(queues) };
}

test("unreferenced TopicNotifications end when they are collected", async () => {
  const { queues, open } = setup();
  const kept = open();
  for (let i = 0; i < 100; i++) open();
  for (const queue of queues) queue.push(CREATED);
  assertEquals(queues.size, 101);
  // The last may still be in a register.
  assert(await collected(() => queues.size < 10), `${queues.size} of 101 are left`);
  assertEquals((await kept.next()).value, CREATED);
});

test("TopicNotifications that are waited for are never collected", async () => {
  const { queues, open } = setup();
  const seen: TopicNotification[] = [];
  void (async () => {
    for await (const notification of open()) seen.push(notification);
  })();
  const once = (): Promise<unknown> => open().next();
  const waited = once();
  await collectAll();
  assertEquals(queues.size, 2);
  for (const queue of queues) queue.push(CREATED);
  assertEquals(await waited, { value: CREATED, done: false });
  assert(await collected(() => queues.size === 1), "the unreferenced one is still there");
  for (const queue of queues) queue.push(CREATED);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals(seen, [CREATED, CREATED]);
});
