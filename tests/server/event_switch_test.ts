import { assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { CodecError } from "../../codec/mod.ts";
import { MAX_QUEUED_NOTIFICATIONS } from "../../server/mod.ts";
import { Topic } from "../../wire/topic.ts";
import { ScriptedClient, upgradeRequest } from "../support/scripted_client.ts";
import { type DemoEvent, setUp } from "./support.ts";

async function connect(count: number) {
  const setup = setUp();
  const clients: ScriptedClient[] = [];
  for (let level = 0; level < count; level++) {
    const request = upgradeRequest({ "x-hl-compress": String(level) });
    clients.push(await ScriptedClient.connect(setup.core, request));
  }
  return { ...setup, clients };
}

test("emit() reaches all subscribers, once, in order", async () => {
  const { core, contexts, clients } = await connect(3);
  contexts[0]!.subscriptions.add("a");
  contexts[0]!.subscriptions.add(Topic.from("a"));
  contexts[1]!.subscriptions.add(Topic.from("a"));
  contexts[2]!.subscriptions.add(Topic.from(Uint8Array.of(0x61)));
  core.events.emit("a", { type: "changed", to: 1 });
  contexts[2]!.events.emit(Topic.from("a"), { type: "quiet" });
  const expected = ["event a 0000000001000000", "event a 0100000000000000"];
  assertEquals(clients.map((client) => client.take()), [expected, expected, []]);
  contexts[0]!.subscriptions.remove("a");
  core.events.emit("a", { type: "quiet" });
  assertEquals(clients.map((client) => client.take().length), [0, 1, 0]);
  clients.forEach((client) => client.hangUp());
});

test("emit() checks an event also without subscribers", async () => {
  const { core, contexts, clients } = await connect(1);
  const wrong = { type: "changed", to: -1 } as DemoEvent;
  core.events.emit("a", { type: "quiet" });
  assertThrows(() => core.events.emit("a", wrong), CodecError);
  assertThrows(() => core.events.emit("a\ud800", { type: "quiet" }), TypeError);
  contexts[0]!.subscriptions.add("a");
  assertThrows(() => core.events.emit("a", wrong), CodecError);
  core.events.emitRaw("a", Uint8Array.of(1, 2, 3));
  assertEquals(clients[0]!.take(), ["event a 010203"]);
  clients[0]!.hangUp();
});

/** Topics of a given length, as text of one, two, three and four bytes a character, and as bytes. */
function topicsOf(bytes: number): (Topic | string)[] {
  const texts = ["a", "ä", "€", "😀"].map((letter) => {
    const each = new TextEncoder().encode(letter).length;
    return letter.repeat(Math.floor(bytes / each)) + "a".repeat(bytes % each);
  });
  return [...texts, ...texts.map(Topic.from), Topic.from(new Uint8Array(bytes))];
}

test("a topic has at most maxTopicBytes, to subscribe and to emit", async () => {
  const { core, contexts, clients } = await connect(1);
  const { subscriptions } = contexts[0]!;
  for (const topic of topicsOf(1024)) {
    subscriptions.add(topic);
    core.events.emit(topic, { type: "quiet" });
  }
  assertEquals(subscriptions.size, 5);
  assertEquals(clients[0]!.take().length, topicsOf(1024).length);
  for (const topic of [...topicsOf(1025), ...topicsOf(2 << 20)]) {
    const uses = [
      () => void subscriptions.add(topic),
      () => core.events.emit(topic, { type: "quiet" }),
      () => core.events.emitRaw(topic, new Uint8Array(0)),
    ];
    for (const use of uses) {
      assertEquals(assertThrows(use, RangeError).message.includes("maxTopicBytes"), true);
    }
    assertEquals(subscriptions.has(topic), false);
    subscriptions.remove(topic);
  }
  assertEquals(subscriptions.size, 5);
  clients[0]!.hangUp();
});

test("topicNotifications() tells of first and last subscribers, also of a client that vanishes", async () => {
  const { core, contexts, clients } = await connect(2);
  const notifications = core.topicNotifications();
  const others = core.topicNotifications();
  contexts[0]!.subscriptions.add("a");
  contexts[1]!.subscriptions.add("a");
  contexts[0]!.subscriptions.remove("a");
  contexts[1]!.subscriptions.add("b");
  clients[1]!.hangUp();
  clients[0]!.hangUp();
  await core.close();
  for (const stream of [notifications, others]) {
    const seen: string[] = [];
    for await (const { type, topic } of stream) seen.push(`${type} ${topic}`);
    assertEquals(seen, ["created a", "created b", "removed a", "removed b"]);
  }
});

test("topicNotifications() can be awaited and left, and drops the oldest when unread", async () => {
  const { core, contexts, clients } = await connect(1);
  const { subscriptions } = contexts[0]!;
  const notifications = core.topicNotifications();
  const next = notifications.next();
  subscriptions.add("first");
  assertEquals((await next).value?.type, "created");
  for (let i = 0; i < MAX_QUEUED_NOTIFICATIONS; i++) {
    subscriptions.remove("first");
    subscriptions.add("first");
  }
  assertEquals(notifications.dropped, MAX_QUEUED_NOTIFICATIONS);
  await notifications.return();
  subscriptions.remove("first");
  assertEquals(await notifications.next(), { value: undefined, done: true });
  clients[0]!.hangUp();
  await core.close();
  assertEquals((await core.topicNotifications().next()).done, true);
});

test("subscriptions are bounded, listed and tested", async () => {
  const setup = setUp({ limits: { maxSubscriptions: 2 } });
  const client = await ScriptedClient.connect(setup.core);
  const { subscriptions } = setup.contexts[0]!;
  subscriptions.add("a");
  subscriptions.add("b");
  subscriptions.add("a");
  assertThrows(() => subscriptions.add("c"), RangeError);
  assertEquals([...subscriptions].map(String), ["a", "b"]);
  assertEquals([subscriptions.has("a"), subscriptions.has(Topic.from("c")), subscriptions.size], [
    true,
    false,
    2,
  ]);
  subscriptions.remove("c");
  subscriptions.remove("a");
  subscriptions.add("c");
  client.hangUp();
});
