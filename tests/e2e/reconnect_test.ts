import { assertEquals, assertRejects } from "@std/assert";
import { test } from "node:test";
import type { UnconnectedClient } from "../../client/client.ts";
import { createFullClient } from "../../client/full.ts";
import type { ConnectOptions } from "../../client/mod.ts";
import { ConnectError, rpc, RpcError, service, Topic, u32 } from "../../mod.ts";
import { memoryDialer } from "../../runtime/memory.ts";
import { createZlibDeflater } from "../../runtime/node/zlib.ts";
import { type AcceptingCore, createCore } from "../../server/server_core.ts";
import type { ServerOptions } from "../../server/mod.ts";
import {
  Chat,
  type ChatEvent,
  chatHandlers,
  type ChatMethods,
  type ChatState,
  Gates,
  settle,
} from "../support/chat_service.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { testDeflater } from "../support/test_deflater.ts";

const deflater = createZlibDeflater() ?? testDeflater;
const ROOM = Topic.from("room");

function startServer<Auth>(options: ServerOptions<Auth> = {}): AcceptingCore<ChatEvent> {
  return createCore<ChatMethods, ChatState, ChatEvent, Auth>(
    Chat,
    options,
    (context) => chatHandlers(context as Parameters<typeof chatHandlers>[0], new Gates()),
    deflater,
  );
}

function setup(options: ConnectOptions<ChatMethods, ChatState> = {}) {
  const clock = new FakeClock();
  const world = { server: startServer(), clock };
  const client = createFullClient<ChatMethods, ChatState, ChatEvent>(
    Chat,
    "ws://memory/",
    options,
    {
      dial: (request, open) => memoryDialer(world.server.acceptor)(request, open),
      deflater,
      clock,
      random: () => 0.5,
    },
  );
  return { world, client, clock };
}

/** Move time until the client is in a state, at most for a minute. */
async function reach(
  client: UnconnectedClient<ChatMethods, ChatState, ChatEvent>,
  clock: FakeClock,
  state: string,
): Promise<void> {
  for (let ms = 0; ms < 60_000 && client.status.state !== state; ms += 50) {
    clock.advance(50);
    await settle();
    // The code that explains a refusal is loaded on demand, which the fake clock does not advance.
    await new Promise((resolve) => setTimeout(resolve));
  }
  assertEquals(client.status.state, state);
}

test("reconnect: a client outlives its server, logs in again and starts from the defaults", async () => {
  const logins: boolean[] = [];
  const { world, client, clock } = setup({
    async onConnect({ rpc, reconnected }) {
      logins.push(reconnected);
      await rpc.login({ name: "ann" });
      await rpc.join({ room: ROOM });
    },
  });
  await client.connect();
  const events = client.events();
  await client.rpc.add({ amount: 7 });
  assertEquals(client.state.current.total, 7);

  await world.server.close();
  assertEquals(client.status.state, "reconnecting");
  const error = await assertRejects(() => client.rpc.add({ amount: 1 }), RpcError);
  assertEquals(error.code, "ClientNotConnected");
  // The old server is going away, and answers that it is busy: the client retries.
  clock.advance(1000);
  await settle();
  assertEquals(client.status.state, "reconnecting");
  assertEquals((client.status.cause as ConnectError).code, "TooBusy");

  world.server = startServer();
  await reach(client, clock, "open");
  assertEquals(client.state.current.total, 0);
  assertEquals(await client.rpc.add({ amount: 1 }), 1);
  world.server.events.emit(ROOM, { type: "left" });
  assertEquals((await events.next()).value?.payload, { type: "left" });
  assertEquals(logins, [false, true]);
  await client.close();
  await settle();
  assertEquals([world.server.connections, clock.pending], [0, 0]);
  await world.server.close();
});

test("reconnect: a server built from another service ends it", async () => {
  const { world, client, clock } = setup();
  await client.connect();
  const other = service({ rpc: { add: rpc({ amount: u32 }) } });
  const { server } = world;
  world.server = createCore(other, {}, () => ({ add() {} }), deflater) as never;
  await server.close();
  await reach(client, clock, "closed");
  assertEquals((client.status.cause as ConnectError).code, "SchemaMismatch");
  assertEquals(clock.pending, 0);
});

const REFUSALS: readonly (readonly [options: ServerOptions<unknown>, code: string])[] = [
  [{ authorize: () => false }, "Unauthorized"],
  [{ authorize: () => new Response("later", { status: 503 }) }, "TooBusy"],
  [{ authorize: () => Promise.reject(new Error("a secret")) }, "BadHandshake"],
];
for (const [options, code] of REFUSALS) {
  test(`connect: a server that refuses is ${code}`, async () => {
    const { world, client, clock } = setup();
    world.server = startServer(options);
    const error = await assertRejects(() => client.connect(), ConnectError);
    assertEquals([error.code, error.message.includes("secret")], [code, false]);
    assertEquals([client.status.state, clock.pending], ["closed", 0]);
  });
}

test("connect: maxConnections refuses one more, until one leaves", async () => {
  const first = setup();
  first.world.server = startServer({ limits: { maxConnections: 1 } });
  await first.client.connect();
  const second = setup();
  second.world.server = first.world.server;
  const error = await assertRejects(() => second.client.connect(), ConnectError);
  assertEquals(error.code, "TooBusy");
  await first.client.close();
  await settle();
  const third = setup();
  third.world.server = first.world.server;
  await third.client.connect();
  assertEquals(await third.client.rpc.add({ amount: 1 }), 1);
  await third.client.close();
});

test("limits: a message over the server's maxMessageBytes ends the connection, and the client heals", async () => {
  const { world, client, clock } = setup();
  world.server = startServer({ limits: { maxMessageBytes: 1000 } });
  await client.connect();
  const data = crypto.getRandomValues(new Uint8Array(2000));
  const error = await assertRejects(() => client.rpc.echo({ data }), RpcError);
  assertEquals(error.code, "ConnectionLost");
  await reach(client, clock, "open");
  assertEquals(await client.rpc.add({ amount: 1 }), 1);
  await client.close();
  await settle();
  assertEquals([world.server.connections, clock.pending], [0, 0]);
});

test("reconnect: a client with limits below the state's size waits longer each time, and reports why", async () => {
  const causes: unknown[] = [];
  const { world, client, clock } = setup({
    limits: { maxInflatedBytes: 5000 },
    onError: (error) => causes.push(error),
  });
  const told: string[] = [];
  world.server = startServer({ onError: (error) => told.push(String(error)) });
  await client.connect();
  const waits: number[] = [];
  for (let round = 0; round < 4; round++) {
    // It lasts for long enough that any other end would be followed by the shortest wait.
    clock.advance(20_000);
    await client.rpc.push({ word: "x".repeat(2000) });
    await client.rpc.push({ word: "y".repeat(2000) }).catch(() => {});
    await settle();
    assertEquals(client.status.state, "reconnecting");
    let ms = 0;
    for (; ms < 10_000 && client.status.state !== "open"; ms += 50) {
      clock.advance(50);
      await settle();
    }
    waits.push(ms);
  }
  assertEquals(waits, [100, 200, 400, 800]);
  assertEquals(causes.every((cause) => String(cause).includes("4009")), true);
  assertEquals(told.every((error) => error.includes("state.seen")), true);
  // The 1st, the 2nd and the 4th: a client can cause this as often as it connects.
  assertEquals(told.length, 3);
  await client.close();
});

test("limits: an event over the client's maxInflatedBytes is skipped, and the next one comes", async () => {
  const { world, client, clock } = setup({ limits: { maxInflatedBytes: 5000 } });
  await client.connect();
  const events = client.events();
  await client.rpc.join({ room: ROOM });
  for (const text of ["x".repeat(10_000), "next"]) {
    world.server.events.emit(ROOM, { type: "said", text });
  }
  assertEquals((await events.next()).value?.payload, { type: "said", text: "next" });
  const { eventsDelivered, eventsTooBig } = world.server.stats();
  assertEquals([eventsDelivered, eventsTooBig, client.stats().eventsReceived], [2, 1, 1]);
  await client.close();
  await settle();
  assertEquals([world.server.connections, clock.pending], [0, 0]);
});
