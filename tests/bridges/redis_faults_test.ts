import { assert, assertEquals, assertThrows } from "@std/assert";
import { test } from "node:test";
import { createClient, createClientPool, createCluster, createSentinel } from "redis";
import { redisBroker, type RedisClient } from "../../bridges/redis.ts";
import { Topic } from "../../wire/topic.ts";
import { Engine, freePort } from "../support/engine.ts";
import { Proxy } from "../support/proxy.ts";
import { findRedisServer, RedisServer } from "../support/redis_server.ts";
import {
  configuration,
  LOBBY,
  type LocalNode,
  localNode,
  twentyCome,
  untilHeard,
} from "./local_node.ts";
import { until } from "../support/until.ts";
import { sleep } from "./members.ts";

const command = findRedisServer();
const skip = command === undefined ? "redis-server is not installed" : false;
const startRedis = (...args: string[]): Promise<RedisServer> =>
  RedisServer.start(command ?? "", ...args);

type Options = Parameters<typeof createClient>[0];

/** A node over Redis, with a client as documented but for some options. */
function redisNode(port: number, options: Options = {}, ...joined: Topic[]): Promise<LocalNode> {
  const client = createClient({ ...options, socket: { ...options.socket, port } as object });
  client.on("error", () => {});
  return localNode(redisBroker(client), ...joined);
}

/** Send commands, as an operator would. */
async function operate(port: number, ...commands: string[][]): Promise<void> {
  const client = createClient({ socket: { port } });
  client.on("error", () => {});
  await client.connect();
  for (const each of commands) await client.sendCommand(each);
  client.destroy();
}

const STRATEGIES: Record<string, Options> = {
  "the documented client": {},
  "a socketTimeout": { pingInterval: 500, socket: { socketTimeout: 1000 } },
  "reconnectStrategy: false": { socket: { reconnectStrategy: false } },
};

for (const [name, options] of Object.entries(STRATEGIES)) {
  test(
    `Redis stalls for seconds under ${name}: the node receives again, and reports missed events`,
    {
      skip,
    },
    async () => {
      await using server = await startRedis();
      await using a = await redisNode(server.port, options);
      await using b = await redisNode(server.port, options, LOBBY);
      await twentyCome(a, b);
      server.pause();
      await until(() => a.status.link === "down" && b.status.link === "down");
      await a.emit([1, 2, 3]);
      assert(a.status.dropped >= 3);
      server.resume();
      await until(() => a.status.link === "up" && b.status.subscribed === 1);
      await twentyCome(a, b);
      await until(() => b.missed.length > 0);
      assertEquals(b.missed[0]!.topics, [LOBBY]);
      assertEquals(b.codes().slice(0, 2), ["LinkDown", "LinkRestored"]);
      assertEquals(b.status.received + b.status.missed, 43);
    },
  );

  test(`an operator kills the node's subscriber at Redis under ${name}: the node hears again`, {
    skip,
  }, async () => {
    await using server = await startRedis();
    await using a = await redisNode(server.port, options);
    await using b = await redisNode(server.port, options, LOBBY);
    for (const type of ["pubsub", "normal", "pubsub"]) {
      await operate(server.port, ["CLIENT", "KILL", "TYPE", type]);
      await until(() => b.status.link === "up" && b.status.subscribed === 1);
      await untilHeard(a, b);
    }
    await twentyCome(a, b);
  });
}

test("a connection to Redis that is gone without a word is found out, and made anew", {
  skip,
}, async () => {
  await using server = await startRedis();
  await using proxy = await Proxy.start(server.port);
  await using a = await redisNode(server.port);
  await using b = await redisNode(proxy.port, {}, LOBBY);
  await twentyCome(a, b);
  await until(() => b.status.roundTripMs !== undefined);
  proxy.freeze();
  await until(() => b.status.link === "down");
  proxy.thaw();
  await until(() => b.status.subscribed === 1);
  await twentyCome(a, b);
});

test("revoking the permission for one channel of Redis affects that topic alone, and is reported", {
  skip,
}, async () => {
  await using server = await startRedis();
  const user = ["ACL", "SETUSER", "node", "on", ">x", "+@all"];
  const allow = (...channels: string[]): Promise<void> =>
    operate(server.port, [...user, "resetchannels", ...channels.map((each) => `&${each}`)]);
  await allow("hardlight.rooms.*");
  const login = { username: "node", password: "x" };
  const other = Topic.from("other");
  await using a = await redisNode(server.port, {}, LOBBY);
  await using b = await redisNode(server.port, login, LOBBY, other);
  await allow("hardlight.rooms.b.*", "hardlight.rooms.s.bG9iYnk");
  await until(() => b.status.link === "up" && b.status.subscribed === 1);
  await until(() => b.codes().includes("SubscribeFailed"));
  assertEquals(b.errors.find(({ code }) => code === "SubscribeFailed")!.topic, other);
  await twentyCome(a, b);
  await b.emit([1], other);
  await until(() => b.status.failed === 1);
  assertEquals(b.errors.at(-1)!.code, "PublishFailed");
  await allow("hardlight.rooms.*");
  await until(() => b.status.subscribed === 2);
  await untilHeard(a, b, other);
});

test("the master that a node is connected to becomes a replica: the link is down, and says why", {
  skip,
}, async () => {
  await using one = await startRedis();
  await using two = await startRedis();
  await using a = await redisNode(one.port, {}, LOBBY);
  await operate(one.port, ["REPLICAOF", "127.0.0.1", String(two.port)]);
  await until(() => a.status.link === "down");
  assert(String(a.errors[0]!.cause).includes("replica"));
  await operate(one.port, ["REPLICAOF", "NO", "ONE"]);
  await until(() => a.status.link === "up");
});

test("Redis that is busy with a script is not up for a node whose connections it takes anew", {
  skip,
}, async () => {
  await using server = await startRedis("--busy-reply-threshold", "50");
  await using a = await redisNode(server.port);
  await using b = await redisNode(server.port, {}, LOBBY);
  await twentyCome(a, b);
  const operator = createClient({ socket: { port: server.port } });
  operator.on("error", () => {});
  await operator.connect();
  const script = operator.sendCommand(["EVAL", "while true do end", "0"]).catch(() => {});
  await until(() => b.status.link === "down");
  for (const end = performance.now() + 5000; performance.now() < end; await sleep(5)) {
    assertEquals(b.status.link, "down");
  }
  await operate(server.port, ["SCRIPT", "KILL"]);
  await script;
  operator.destroy();
  await until(() => a.status.link === "up" && b.status.subscribed === 1);
  await twentyCome(a, b);
});

test("Redis is down when a node starts: that is reported, and the link comes up with Redis", {
  skip,
}, async () => {
  await using server = await startRedis();
  await server.kill();
  const opened = redisNode(server.port);
  await server.start();
  await using a = await opened;
  assertEquals(a.status.link, "up");
});

test(
  "a broker over Redis serves another server after its own has closed, and leaves no connection",
  {
    skip,
  },
  async () => {
    await using server = await startRedis();
    const client = createClient({ socket: { port: server.port } });
    const broker = redisBroker(client);
    for (let i = 0; i < 2; i++) {
      await using a = await localNode(broker, LOBBY);
      await using b = await redisNode(server.port, {}, LOBBY);
      await twentyCome(a, b);
    }
    const asking = createClient({ socket: { port: server.port } });
    await asking.connect();
    await until(async () =>
      String(await asking.sendCommand(["CLIENT", "LIST"])).split("\n").length === 2
    );
    asking.destroy();
  },
);

test("redisBroker() refuses anything but a client of node-redis, also in plain JavaScript", () => {
  const refused: unknown[] = [
    createCluster({ rootNodes: [{ url: "redis://localhost:1" }] }),
    createClientPool(),
    { status: "ready", duplicate() {}, connect() {}, publish() {}, subscribe() {}, on() {} },
    undefined,
  ];
  for (const client of refused) assertThrows(() => redisBroker(client as RedisClient), TypeError);
});

test("rights to a service's own channels, as the documentation has them, are enough", {
  skip,
}, async () => {
  await using server = await startRedis();
  await operate(server.port, [
    ..."ACL SETUSER rooms on >x resetchannels &hardlight.rooms.* +@pubsub +@connection +role".split(
      " ",
    ),
  ]);
  const login = { username: "rooms", password: "x" };
  await using a = await redisNode(server.port, login);
  await using b = await redisNode(server.port, login, LOBBY);
  await twentyCome(a, b);
  await until(() => a.status.proofAgeMs !== undefined && b.status.proofAgeMs !== undefined);
  assertEquals([a.errors, b.errors], [[], []]);
});

test("a Redis master dies under a Sentinel: the nodes go on over the replica that follows it", {
  skip,
}, async () => {
  await using master = await startRedis();
  await using _replica = await startRedis("--replicaof", "127.0.0.1", String(master.port));
  const port = await freePort();
  const path = await configuration(
    `port ${port}\nbind 127.0.0.1\nsentinel monitor m 127.0.0.1 ${master.port} 1\n` +
      "sentinel down-after-milliseconds m 500\nsentinel failover-timeout m 2000\n",
  );
  await using sentinel = new Engine(command ?? "", port, [path, "--sentinel"]);
  await sentinel.start();
  const asking = createClient({ socket: { port } });
  await asking.connect();
  await until(async () => String(await asking.sendCommand(["SENTINEL", "REPLICAS", "m"])) !== "");
  asking.destroy();
  const node = (...joined: Topic[]): Promise<LocalNode> => {
    const client = createSentinel({
      name: "m",
      sentinelRootNodes: [{ host: "127.0.0.1", port }],
    });
    client.on("error", () => {});
    return localNode(redisBroker(client), ...joined);
  };
  await using a = await node();
  await using b = await node(LOBBY);
  await twentyCome(a, b);
  await master.kill();
  await until(() => a.status.link === "down");
  await until(() => a.status.link === "up" && b.status.subscribed === 1);
  await untilHeard(a, b);
  await twentyCome(a, b);
});
