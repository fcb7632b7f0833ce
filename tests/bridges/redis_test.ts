import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { test } from "node:test";
import { createClient } from "redis";
import { redisBroker, type RedisClient } from "../../bridges/redis.ts";
import { memoryPair } from "../../memory.ts";
import { DEFAULT_LIMITS } from "../../wire/limits.ts";
import { Topic } from "../../wire/topic.ts";
import { findRedisServer, RedisServer } from "../support/redis_server.ts";
import { until } from "../support/until.ts";
import { numbers } from "./members.ts";
import { Rooms, rooms } from "./rooms.ts";

const command = findRedisServer();
const skip = command === undefined ? "redis-server is not installed" : false;
const startRedis = (): Promise<RedisServer> => RedisServer.start(command ?? "");

const LOBBY = Topic.from("lobby");

/** A client of Redis, and a node in this process that uses it. */
async function localNode({ port }: RedisServer) {
  const redis = createClient({ socket: { port, host: "127.0.0.1", reconnectStrategy: 20 } });
  redis.on("error", () => {});
  await redis.connect();
  const pair = await memoryPair(Rooms, rooms(() => undefined), {
    client: { limits: { maxTopicBytes: 65_535 } },
    server: {
      broker: redisBroker(redis),
      onError() {},
      limits: { maxSubscriptions: 20_000, maxTopicBytes: 65_535 },
    },
  });
  await until(() => pair.server.broker?.link === "up");
  return {
    ...pair,
    redis,
    async [Symbol.asyncDispose]() {
      await pair[Symbol.asyncDispose]();
      redis.destroy();
    },
  };
}

test("topics with any bytes are distinct on Redis, also the empty ones and long ones", {
  skip,
}, async () => {
  await using server = await startRedis();
  await using a = await localNode(server);
  await using b = await localNode(server);
  const every = Uint8Array.from({ length: 256 }, (_, i) => i);
  const topics = ["", "a", "*", "?", "[a]", " \r\n", "ü€😀", "=", "x".repeat(60_000)].map((text) =>
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
});

test("foreign messages on the broker's channels are counted; an engine's echo is no event", {
  skip,
}, async () => {
  await using server = await startRedis();
  await using a = await localNode(server);
  const room = LOBBY;
  await a.client.rpc.join({ room });
  await a.redis.publish("hardlight.rooms.s.bG9iYnk", "what is this?");
  await a.redis.publish("hardlight.rooms.s.bG9iYnk", "");
  await a.client.rpc.say({ room, from: 1, first: 0, count: 3 });
  await until(() => a.server.broker!.bad === 2);
  const { received, stale, late } = a.server.broker!;
  assertEquals([received, stale, late], [0, 0, 0]);
});

test("a Redis that does not read is given no more than maxBufferedBytes; local events all come", {
  skip,
}, async () => {
  await using server = await startRedis();
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

test("10,000 topics are subscribed again when Redis returns", { skip }, async () => {
  await using server = await startRedis();
  await using a = await localNode(server);
  await using b = await localNode(server);
  const topics = numbers(10_000).map((i) => Topic.from(`topic ${i}`));
  const joins = [...topics];
  while (joins.length > 0) {
    await Promise.all(joins.splice(0, 200).map((room) => a.client.rpc.join({ room })));
  }
  await server.kill();
  await until(() => a.server.broker!.link === "down" && b.server.broker!.link === "down");
  assertEquals(a.server.broker!.subscribed, 0);
  await server.start();
  await until(() => a.server.broker!.subscribed === 10_000 && b.server.broker!.link === "up");
  for (const room of topics.slice(0, 1000)) {
    b.server.events.emit(room, { type: "said", from: 0, number: 0 });
  }
  await until(() => a.server.broker!.received === 1000);
});

test("a broker over Redis subscribes again right after it has unsubscribed", {
  skip,
}, async () => {
  await using server = await startRedis();
  const redis = createClient({ socket: { port: server.port, host: "127.0.0.1" } });
  redis.on("error", () => {});
  await redis.connect();
  const broker = redisBroker(redis);
  const topic = Topic.from("t");
  const got: number[] = [];
  const { promise: up, resolve } = Promise.withResolvers<void>();
  await broker.start({
    service: "rooms",
    deliver: (_, message) => got.push(message[0]!),
    link: () => resolve(),
    unsubscribed() {},
    refused() {},
  });
  await up;
  await broker.subscribe(topic);
  const gone = broker.unsubscribe(topic);
  await broker.subscribe(topic);
  await gone;
  await broker.publish(topic, Uint8Array.of(1), 1);
  await until(() => got.length > 0);
  assertEquals(got, [1]);
  await broker.close?.();
  redis.destroy();
});

test("redisBroker() says so if it is given no client, or no options", () => {
  for (const wrong of [undefined, null, 1, "", {}, []]) {
    const { message } = assertThrows(() => redisBroker(wrong as never), TypeError);
    assertMatch(message, /^Cannot use this client/);
  }
  for (const wrong of [null, 1, "", { also: "a." }]) {
    const { message } = assertThrows(
      () => redisBroker({} as RedisClient, wrong as never),
      TypeError,
    );
    assertMatch(message, /^Cannot use the options of a broker/);
  }
});

test("redisBroker() refuses a prefix that is not made of names", () => {
  for (const prefix of ["", "a", ".", "a..", "a b.", "*.", ">."]) {
    assertThrows(() => redisBroker({} as RedisClient, { prefix }), TypeError);
  }
});
