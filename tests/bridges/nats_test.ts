import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { connect as connectNats, type NatsConnection } from "@nats-io/transport-node";
import { test } from "node:test";
import { natsBroker } from "../../bridges/nats.ts";
import { memoryPair } from "../../memory.ts";
import { DEFAULT_LIMITS } from "../../wire/limits.ts";
import { Topic } from "../../wire/topic.ts";
import { findNatsServer, NatsServer } from "../support/nats_server.ts";
import { until } from "../support/until.ts";
import { numbers } from "./members.ts";
import { Rooms, rooms } from "./rooms.ts";

const found = findNatsServer();
const command = found ?? "";
const skip = found === undefined ? "nats-server is not installed" : false;
const LOBBY = Topic.from("lobby");

/** A node in this process, and its connection to NATS. */
async function localNode(nats: NatsServer, options: Record<string, unknown> = {}) {
  const connection = await connectNats({
    port: nats.port,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 50,
    ...options,
  });
  const errors: unknown[] = [];
  const pair = await memoryPair(Rooms, rooms(() => undefined), {
    client: { limits: { maxTopicBytes: 65_535 } },
    server: {
      broker: natsBroker(connection),
      onError: (error) => errors.push(error),
      limits: { maxSubscriptions: 20_000, maxTopicBytes: 65_535 },
    },
  });
  await until(() => pair.server.broker?.link === "up");
  return {
    ...pair,
    connection,
    errors,
    async [Symbol.asyncDispose]() {
      await pair[Symbol.asyncDispose]();
      await connection.close();
    },
  };
}

test("topics with any bytes are distinct, also the empty ones and text that looks like a pattern", {
  skip,
}, async () => {
  await using nats = await NatsServer.start(command);
  await using a = await localNode(nats);
  await using b = await localNode(nats);
  const every = Uint8Array.from({ length: 256 }, (_, i) => i);
  const topics = ["", "a", ">", "*", "a.b", " \r\n", "ü€😀", "=", "x".repeat(2048)].map((text) =>
    Topic.from(text)
  );
  topics.push(Topic.from(new Uint8Array()), Topic.from(Uint8Array.of(0x61)), Topic.from(every));
  topics.push(Topic.fromWire(Uint8Array.of(0xff), true), Topic.from(Uint8Array.of(0xff)));
  const events = b.client.events();
  for (const room of topics) await b.client.rpc.join({ room });
  for (const [from, room] of topics.entries()) {
    await a.client.rpc.say({ room, from, first: 0, count: 1 });
  }
  for (const [from, room] of topics.entries()) {
    const { value } = await events.next();
    assertEquals(value?.payload, { type: "said", from, number: 0 });
    assertEquals(value?.topic.key, room.key);
  }
  await events.return?.();
  await assertRejects(() => b.client.rpc.join({ room: Topic.from("x".repeat(2049)) }));
  assertEquals(b.server.broker?.unsubscribed, 1);
});

test("a subscribe that NATS refuses rejects; foreign messages on our subjects are counted", {
  skip,
}, async () => {
  await using nats = await NatsServer.start(command, "-c", await refusingConfig());
  await using a = await localNode(nats, { user: "node", pass: "x" });
  await a.client.rpc.join({ room: LOBBY });
  await assertRejects(() => a.client.rpc.join({ room: Topic.from("forbidden") }));
  assertEquals([a.server.broker!.subscribed, a.server.broker!.unsubscribed], [1, 1]);
  assert(a.errors.length > 0);
  const stranger: NatsConnection = await connectNats({ port: nats.port, user: "node", pass: "x" });
  stranger.publish("hardlight.rooms.s.bG9iYnk", "what is this?");
  stranger.publish("hardlight.rooms.s.bG9iYnk", new Uint8Array(100));
  await until(() => a.server.broker!.bad === 2);
  await stranger.close();
});

/** A server's configuration that forbids the topic "forbidden". */
async function refusingConfig(): Promise<string> {
  const { mkdtemp, writeFile } = await import("node:fs/promises");
  const { tmpdir } = await import("node:os");
  const path = `${await mkdtemp(`${tmpdir()}/nats-`)}/nats.conf`;
  const denied = "hardlight.rooms.s.Zm9yYmlkZGVu";
  await writeFile(
    path,
    `authorization { users = [ { user: node, password: x, permissions: { subscribe: { deny: "${denied}" } } } ] }`,
  );
  return path;
}

test("a NATS that does not read is given no more than maxBufferedBytes; local events all come", {
  skip,
}, async () => {
  await using server = await NatsServer.start(command);
  await using a = await localNode(server);
  await a.client.rpc.join({ room: LOBBY });
  const events = a.client.events({ buffer: 1000 });
  server.pause();
  const text = "x".repeat(60_000);
  for (let turn = 0; turn < 10; turn++) {
    for (let i = 0; i < 80; i++) a.server.events.emit(LOBBY, { type: "other", text });
    for (let i = 0; i < 80; i++) await events.next();
  }
  await until(() => a.server.broker!.published + a.server.broker!.dropped === 800);
  const { published, dropped } = a.server.broker!;
  assert(dropped > 0 && published * text.length < 2 * DEFAULT_LIMITS.maxBufferedBytes);
  server.resume();
  await until(() => {
    a.server.events.emit(LOBBY, { type: "said", from: 0, number: 0 });
    return a.server.broker!.published > published;
  });
  await events.return?.();
});

test("10,000 topics are subscribed again when NATS returns", { skip }, async () => {
  await using nats = await NatsServer.start(command);
  await using a = await localNode(nats);
  await using b = await localNode(nats);
  const topics = numbers(10_000).map((i) => Topic.from(`topic ${i}`));
  const joins = [...topics];
  while (joins.length > 0) {
    await Promise.all(joins.splice(0, 200).map((room) => a.client.rpc.join({ room })));
  }
  assertEquals(a.server.broker!.subscribed, 10_000);
  await nats.kill();
  await until(() => a.server.broker!.link === "down" && b.server.broker!.link === "down");
  assertEquals(a.server.broker!.subscribed, 0);
  await nats.start();
  await until(() => a.server.broker!.subscribed === 10_000 && b.server.broker!.link === "up");
  for (const room of topics.slice(0, 1000)) {
    b.server.events.emit(room, { type: "said", from: 0, number: 0 });
  }
  await until(() => a.server.broker!.received === 1000);
});

test("natsBroker() refuses a prefix that is no beginning of a subject", () => {
  for (const prefix of ["", "a", ".", "a..", "a b.", "*.", ">."]) {
    assertThrows(() => natsBroker({} as NatsConnection, { prefix }), TypeError);
  }
});
