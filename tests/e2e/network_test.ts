import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import net from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type ClientStatus, connect } from "../../client.ts";
import { ConnectError, rpc, RpcError, service, Topic, u32 } from "../../mod.ts";
import { serve } from "../../server.ts";
import { Proxy } from "../support/proxy.ts";
import { until } from "../support/until.ts";

const Counter = service({
  rpc: { add: rpc({ amount: u32 }, u32), wait: rpc({}, u32) },
  state: { total: u32 },
});

/** Both sides ping after this much silence, and give up after twice as much. */
const IDLE_MS = 1000;

/** A server, with the reported ends of its connections. */
async function startServer() {
  const ends: number[] = [];
  const server = await serve(
    Counter,
    {
      port: 0,
      hostname: "127.0.0.1",
      tls: "plain",
      limits: { idleTimeoutMs: IDLE_MS, closeTimeoutMs: 500 },
      onTrace(trace) {
        if (trace.type === "closed") ends.push(trace.code);
      },
    },
    ({ state }) => ({
      add: ({ amount }) => state.total += amount,
      wait: () => new Promise<number>(() => {}),
    }),
  );
  return { server, ends };
}

/** Bun's sockets look at the time every four seconds. */
const PATIENT = { timeout: 30_000 };

test(
  "a network that is gone without a word is noticed on both sides, and the client heals",
  PATIENT,
  async () => {
    const { server, ends } = await startServer();
    await using proxy = await Proxy.start(server.port);
    const client = await connect(Counter, `ws://127.0.0.1:${proxy.port}`, {
      limits: { idleTimeoutMs: IDLE_MS, closeTimeoutMs: 500 },
    });
    assertEquals(await client.rpc.add({ amount: 3 }), 3);
    const pending = client.rpc.wait().catch((error) => error);
    proxy.freeze();
    const error = await pending;
    assertInstanceOf(error, RpcError);
    assertEquals([error.code, client.status.state], ["ConnectionLost", "reconnecting"]);
    await until(() => server.connections === 0);
    assertEquals(ends.length, 1);
    proxy.thaw();
    await until(() => client.status.state === "open");
    assertEquals([await client.rpc.add({ amount: 4 }), client.state.current.total], [4, 4]);
    await client.close();
    await server.close();
  },
);

test("a vanished peer is closed while the server sends to it", PATIENT, async () => {
  const Ticker = service({ rpc: { watch: rpc({}) }, event: u32 });
  const ends: number[] = [];
  const tick = Topic.from("tick");
  const server = await serve(
    Ticker,
    {
      port: 0,
      hostname: "127.0.0.1",
      tls: "plain",
      limits: { idleTimeoutMs: IDLE_MS, closeTimeoutMs: 500 },
      onTrace: (trace) => trace.type === "closed" && ends.push(trace.code),
    },
    ({ subscriptions }) => ({ watch: () => void subscriptions.add(tick) }),
  );
  await using proxy = await Proxy.start(server.port);
  const client = await connect(Ticker, `ws://127.0.0.1:${proxy.port}`, { reconnect: false });
  await client.rpc.watch();
  const ticking = setInterval(() => server.events.emit(tick, 1), IDLE_MS / 10);
  // The events themselves are no sign of life, and a peer that answers pings is alive.
  await sleep(2.5 * IDLE_MS);
  assertEquals(ends, []);
  proxy.freeze();
  await until(() => ends.length > 0);
  clearInterval(ticking);
  assertEquals(ends, [4000]);
  // Its socket goes on until its time for the close is over, and counts until then.
  await until(() => server.connections === 0);
  proxy.cut();
  await client.close();
  await server.close();
});

test("a peer that only answers pings is alive", async () => {
  const { server, ends } = await startServer();
  await using client = await connect(Counter, server.url.replace("localhost", "127.0.0.1"));
  await sleep(2.5 * IDLE_MS);
  assertEquals([client.status.state, server.connections, ends], ["open", 1, []]);
  assertEquals(await client.rpc.add({ amount: 1 }), 1);
  await client.close();
  await server.close();
});

test("a cut settles every call with ConnectionLost, and the next connection starts anew", async () => {
  const { server } = await startServer();
  await using proxy = await Proxy.start(server.port);
  const statuses: ClientStatus["state"][] = [];
  const client = await connect(Counter, `ws://127.0.0.1:${proxy.port}`);
  client.onStatus(({ state }) => statuses.push(state));
  for (let round = 1; round <= 5; round++) {
    await client.rpc.add({ amount: round });
    const calls = Array.from({ length: 50 }, () => client.rpc.wait());
    await sleep(5);
    proxy.cut();
    const settled = await Promise.allSettled(calls);
    for (const each of settled) {
      assertEquals(each.status === "rejected" && (each.reason as RpcError).code, "ConnectionLost");
    }
    await until(() => client.status.state === "open");
    assertEquals(client.state.current.total, 0);
  }
  assertEquals(statuses.filter((state) => state === "open").length, 5);
  await client.close();
  await until(() => server.connections === 0);
  await server.close();
});

test("a server that accepts and says nothing is TimedOut", async () => {
  const sockets: net.Socket[] = [];
  const silent = net.createServer((socket) => {
    socket.on("error", () => {});
    sockets.push(socket);
  });
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const { port } = silent.address() as net.AddressInfo;
  for (const scheme of ["ws", "wss"]) {
    const error = await assertRejects(
      () =>
        connect(Counter, `${scheme}://127.0.0.1:${port}`, {
          tls: "self-signed",
          limits: { handshakeTimeoutMs: 100 },
        }),
      ConnectError,
    );
    assertEquals([error.code, error.retryable], ["TimedOut", true]);
  }
  for (const socket of sockets) socket.destroy();
  await new Promise<void>((resolve) => silent.close(() => resolve()));
});

test("a client whose authorization is withdrawn does not come back", async () => {
  let allowed = true;
  let asked = 0;
  const server = await serve(
    Counter,
    {
      port: 0,
      hostname: "127.0.0.1",
      tls: "plain",
      authorize: () => {
        asked++;
        return allowed;
      },
    },
    () => ({ add: () => 0, wait: () => 0 }),
  );
  await using proxy = await Proxy.start(server.port);
  const client = await connect(Counter, `ws://127.0.0.1:${proxy.port}`);
  allowed = false;
  proxy.cut();
  await until(() => client.status.state === "closed");
  const { cause } = client.status;
  assertInstanceOf(cause, ConnectError);
  assertEquals([cause.code, asked], ["Unauthorized", 2]);
  await sleep(300);
  assertEquals(asked, 2);
  await server.close();
});

test("close() of a server does not wait for a peer that does not read", async () => {
  const { server } = await startServer();
  await using proxy = await Proxy.start(server.port);
  const client = await connect(Counter, `ws://127.0.0.1:${proxy.port}`, {
    reconnect: false,
    limits: { closeTimeoutMs: 200 },
  });
  await client.rpc.add({ amount: 1 });
  proxy.freeze();
  await server.close({ deadlineMs: 50 });
  assertEquals(server.connections, 0);
  await client.close();
});
