import { assertEquals } from "@std/assert";
import { test } from "node:test";
import type { EventStream } from "../../client/mod.ts";
import { Topic } from "../../mod.ts";
import { type ChatEvent, chatPair, settle } from "../support/chat_service.ts";

const ROOM = Topic.from("room");

/** The buffered events: closes the stream. */
async function texts(stream: EventStream<ChatEvent>, count: number): Promise<string[]> {
  const got: string[] = [];
  while (got.length < count) {
    const { value } = await stream.next();
    if (value?.payload.type === "said") got.push(value.payload.text);
  }
  await stream.return?.();
  return got;
}

test("events: only subscribers get events, in order", async () => {
  await using pair = await chatPair();
  const [a, b, outside] = [pair.client, await pair.connect(), await pair.connect()];
  const streams = [a.events(), b.events({ topic: ROOM })];
  const silent = outside.events();
  await Promise.all([a.rpc.join({ room: ROOM }), b.rpc.join({ room: ROOM })]);
  await outside.rpc.burst({ room: ROOM, count: 20 });
  const expected = Array.from({ length: 20 }, (_, i) => String(i));
  for (const stream of streams) assertEquals(await texts(stream, 20), expected);
  await outside.close();
  assertEquals((await silent.next()).done, true);
});

test("events: an emitter that is subscribed gets its own event before its answer", async () => {
  await using pair = await chatPair();
  const { rpc } = pair.client;
  const stream = pair.client.events();
  await rpc.join({ room: ROOM });
  await rpc.say({ room: ROOM, text: "hello" });
  const { value } = await Promise.race([
    stream.next(),
    settle().then(() => ({ value: undefined })),
  ]);
  assertEquals(value?.payload, { type: "said", text: "hello" });
  assertEquals(value?.topic.toString(), "room");
  await stream.return?.();
});

test("events: a text topic and a byte topic of equal bytes are different topics", async () => {
  await using pair = await chatPair();
  const { rpc } = pair.client;
  const bytes = Topic.from(new TextEncoder().encode("room"));
  const stream = pair.client.events();
  await rpc.join({ room: bytes });
  await rpc.say({ room: ROOM, text: "text" });
  await rpc.say({ room: bytes, text: "bytes" });
  assertEquals(await texts(stream, 1), ["bytes"]);
});

test("events: leaving a topic stops its events", async () => {
  await using pair = await chatPair();
  const { rpc } = pair.client;
  const stream = pair.client.events();
  await rpc.join({ room: ROOM });
  await rpc.join({ room: ROOM });
  await rpc.say({ room: ROOM, text: "1" });
  await rpc.leave({ room: ROOM });
  await rpc.say({ room: ROOM, text: "2" });
  await rpc.join({ room: ROOM });
  await rpc.say({ room: ROOM, text: "3" });
  assertEquals(await texts(stream, 2), ["1", "3"]);
});

test("events: a slow reader loses the oldest, and learns how many", async () => {
  await using pair = await chatPair();
  const { rpc } = pair.client;
  const stream = pair.client.events({ buffer: 10 });
  await rpc.join({ room: ROOM });
  await rpc.burst({ room: ROOM, count: 100 });
  assertEquals(stream.dropped, 90);
  assertEquals(await texts(stream, 10), Array.from({ length: 10 }, (_, i) => String(90 + i)));
});

test("events: the server can emit, and is notified of added and removed topics", async () => {
  await using pair = await chatPair();
  const notifications = pair.server.topicNotifications();
  const stream = pair.client.events();
  await pair.client.rpc.join({ room: ROOM });
  pair.server.events.emit(ROOM, { type: "said", text: "from the server" });
  assertEquals(await texts(stream, 1), ["from the server"]);
  await pair.client.close();
  await settle();
  const seen: string[] = [];
  for (let i = 0; i < 2; i++) {
    const { value } = await notifications.next();
    seen.push(`${value?.type} ${value?.topic}`);
  }
  assertEquals(seen, ["created room", "removed room"]);
});

test("events: a large event reaches 50 clients at four levels", async () => {
  await using pair = await chatPair();
  const text = "words and more words ".repeat(5000);
  const clients = await Promise.all(
    Array.from({ length: 50 }, (_, i) => pair.connect({ level: [0, 1, 6, 9][i % 4] })),
  );
  const streams = clients.map((client) => client.events());
  await Promise.all(clients.map(({ rpc }) => rpc.join({ room: ROOM })));
  await pair.client.rpc.say({ room: ROOM, text });
  for (const stream of streams) assertEquals((await texts(stream, 1))[0] === text, true);
});
