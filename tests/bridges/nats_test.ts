import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { connect as connectNats, type NatsConnection } from "@nats-io/transport-node";
import { test } from "node:test";
import { natsBroker } from "../../bridges/nats.ts";
import { type Client, connect } from "../../client.ts";
import { memoryPair } from "../../memory.ts";
import type { EventOf, MethodsOf, StateOf } from "../../service/mod.ts";
import type { BrokerStatus } from "../../server/mod.ts";
import { Topic } from "../../wire/topic.ts";
import { findNatsServer, NatsServer } from "../support/nats_server.ts";
import { type Program, start, THIS_RUNTIME } from "../support/runtimes.ts";
import { Rooms, rooms } from "./rooms.ts";

type RoomsClient = Client<MethodsOf<typeof Rooms>, StateOf<typeof Rooms>, EventOf<typeof Rooms>>;

const found = findNatsServer();
const command = found ?? "";
const skip = found === undefined ? "nats-server is not installed" : false;
const LOBBY = Topic.from("lobby");

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Wait for something that other processes bring about. */
async function until(is: () => boolean | Promise<boolean>): Promise<void> {
  while (!await is()) await sleep(20);
}

/** A client that keeps what it gets: `from:number`. */
class Member implements AsyncDisposable {
  readonly heard: string[] = [];
  readonly client: RoomsClient;

  constructor(client: RoomsClient) {
    this.client = client;
    void this.#listen();
  }

  static async at({ firstLine }: Program, room?: Topic): Promise<Member> {
    const member = new Member(await connect(Rooms, firstLine));
    if (room !== undefined) await member.client.rpc.join({ room });
    return member;
  }

  async #listen(): Promise<void> {
    for await (const { payload } of this.client.events({ buffer: 100_000 })) {
      if (payload.type === "said") this.heard.push(`${payload.from}:${payload.number}`);
    }
  }

  /** The numbers heard from one emitter. */
  from(from: number): number[] {
    return this.heard.map((said) => said.split(":").map(Number)).filter(([each]) => each === from)
      .map(([, number]) => number!);
  }

  async status(): Promise<BrokerStatus> {
    return JSON.parse(await this.client.rpc.status()) as BrokerStatus;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.close();
  }
}

const node = (nats: NatsServer): Promise<Program> =>
  start(THIS_RUNTIME, "bridges/nats_node.ts", String(nats.port));

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

test("three nodes: events reach everyone once and in each emitter's order; a node is killed", {
  skip,
}, async () => {
  await using nats = await NatsServer.start(command);
  const nodes = await Promise.all([node(nats), node(nats), node(nats)]);
  await using _a = nodes[0]!;
  await using _b = nodes[1]!;
  const members = await Promise.all(
    [...nodes, ...nodes].map((each) => Member.at(each, LOBBY)),
  );
  await Promise.all(members.map(async ({ client }, from) => {
    for (let first = 0; first < 200; first += 20) {
      await client.rpc.say({ room: LOBBY, from, first, count: 20 });
    }
  }));
  await until(() => members.every(({ heard }) => heard.length >= 1200));
  for (const member of members) {
    for (const from of members.keys()) assertEquals(member.from(from), numbers(200));
  }
  nodes[2]!.child.kill("SIGKILL");
  await members[0]!.client.rpc.say({ room: LOBBY, from: 9, first: 0, count: 5 });
  const left = members.filter((_, i) => i % 3 !== 2);
  await until(() => left.every((member) => member.from(9).length === 5));
  for (const member of members) await member.client.close();
});

test("NATS is killed and returns under load: local goes on, the rest comes back by itself", {
  skip,
}, async () => {
  await using nats = await NatsServer.start(command);
  await using first = await node(nats);
  await using second = await node(nats);
  await using a = await Member.at(first, LOBBY);
  await using near = await Member.at(first, LOBBY);
  await using far = await Member.at(second, LOBBY);
  let next = 0;
  let talking = true;
  const talk = (async () => {
    while (talking) {
      await a.client.rpc.say({ room: LOBBY, from: 1, first: next, count: 5 });
      next += 5;
      await sleep(2);
    }
  })();
  await until(() => far.heard.length > 50);
  await nats.kill();
  await until(async () => (await a.status()).link === "down");
  const heard = near.heard.length;
  await until(() => near.heard.length > heard + 100);
  const { dropped, unsubscribed } = await a.status();
  assert(dropped > 0);
  assertEquals(unsubscribed, 1);
  await nats.start();
  await until(async () => (await far.status()).subscribed === 1);
  await until(async () => (await a.status()).link === "up");
  const farHeard = far.heard.length;
  await until(() => far.heard.length > farHeard + 50);
  talking = false;
  await talk;
  await until(() => near.heard.length === next);
  assertEquals(near.from(1), numbers(next));
  const order = far.from(1);
  assertEquals(order, [...new Set(order)].sort((x, y) => x - y));
});

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
    server: {
      broker: natsBroker(connection),
      onError: (error) => errors.push(error),
      limits: { maxSubscriptions: 20_000 },
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
  stranger.publish("hardlight.s.bG9iYnk", "what is this?");
  stranger.publish("hardlight.s.bG9iYnk", new Uint8Array(100));
  await until(() => a.server.broker!.bad === 2);
  await stranger.close();
});

/** A server's configuration that forbids the topic "forbidden". */
async function refusingConfig(): Promise<string> {
  const { mkdtemp, writeFile } = await import("node:fs/promises");
  const { tmpdir } = await import("node:os");
  const path = `${await mkdtemp(`${tmpdir()}/nats-`)}/nats.conf`;
  const denied = "hardlight.s.Zm9yYmlkZGVu";
  await writeFile(
    path,
    `authorization { users = [ { user: node, password: x, permissions: { subscribe: { deny: "${denied}" } } } ] }`,
  );
  return path;
}

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
