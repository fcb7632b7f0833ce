import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { test } from "node:test";
import { createFullClient } from "../../client/full.ts";
import type { Connection, ConnectOptions, PerAttempt } from "../../client/options.ts";
import type { ClientStatus } from "../../client/types.ts";
import { encode, type Schema, u32 } from "../../codec/mod.ts";
import { rpc, service } from "../../service/mod.ts";
import { ConnectError, ProtocolError, RpcError } from "../../wire/errors.ts";
import { Topic } from "../../wire/topic.ts";
import type { Dialer, DialRequest } from "../../wire/transport.ts";
import { held } from "../support/held.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { fakeDialer, FakePeer } from "../support/fake_peer.ts";
import { testDeflater } from "../support/test_deflater.ts";
import { codeOf } from "../support/codes.ts";

const Counter = service({
  rpc: { add: rpc({ amount: u32 }, u32), get: rpc({}, u32) },
  state: { counter: u32 },
  event: u32,
});
type Methods = { add(args: { amount: number }): number; get(): number };
type State = { counter: number };
const COUNTER = u32 as Schema<unknown>;

interface SetupOptions extends ConnectOptions<Methods, State> {
  url?: PerAttempt<string | URL>;
  make?: (attempt: number) => FakePeer | Error;
  protocol?: string;
  dial?: Dialer;
}

function setup({ url = "ws://test/", make, protocol, dial, ...options }: SetupOptions = {}) {
  const clock = new FakeClock();
  const fake = fakeDialer(make ?? (() => new FakePeer()), protocol);
  const errors: unknown[] = [];
  const statuses: string[] = [];
  const client = createFullClient<Methods, State, number>(
    Counter,
    url,
    { onError: (error) => errors.push(error), ...options },
    { dial: dial ?? fake.dial, deflater: testDeflater, clock, random: () => 1 },
  );
  client.onStatus(({ state }) => statuses.push(state));
  return { client, clock, errors, statuses, ...fake };
}

type Setup = ReturnType<typeof setup>;

/** Let all pending work without timers run. */
async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve();
}

/** Close, and check that nothing is left. */
async function finish({ client, clock }: Setup): Promise<void> {
  await client.close();
  await settle();
  assertEquals(held(client), [0, 0, 0, 0]);
  assertEquals(clock.pending, 0);
}

async function connectCode(promise: Promise<unknown>): Promise<string> {
  return (await assertRejects(() => promise, ConnectError)).code;
}

test("ServiceClient.connect() dials with the fingerprint in the query", async () => {
  const ctx = setup({ url: "https://host:1/path?token=a%20b#part" });
  await ctx.client.connect();
  const url = new URL(ctx.urls[0]!);
  assertEquals([url.protocol, url.host, url.pathname, url.hash], ["wss:", "host:1", "/path", ""]);
  assertEquals(url.searchParams.get("token"), "a b");
  assert(/^[0-9a-f]{16}\.[0-9a-f]{16}\.[0-9a-f]{16}$/.test(url.searchParams.get("hl") ?? ""));
  assertEquals(ctx.client.status, { state: "open" });
  await finish(ctx);
  assertEquals(ctx.statuses, ["open", "closed"]);
});

for (const code of ["Unreachable", "TlsFailed", "SchemaMismatch"] as const) {
  test(`ServiceClient.connect() rejects with the dialer's ${code} and does not try again`, async () => {
    const ctx = setup({ make: () => new ConnectError(code, "no") });
    assertEquals(await connectCode(ctx.client.connect()), code);
    assertEquals([ctx.urls.length, ctx.client.status.state], [1, "closed"]);
    assertEquals(await codeOf(ctx.client.rpc.get()), "ClientNotConnected");
    await finish(ctx);
  });
}

const REFUSALS: readonly (readonly [closeCode: number, expected: string])[] = [
  [4010, "SchemaMismatch"],
  [4401, "Unauthorized"],
  [4403, "OriginRefused"],
  [4013, "TooBusy"],
  [4002, "ProtocolMismatch"],
  [4011, "BadHandshake"],
  [1006, "BadHandshake"],
];

/** A transport whose close is delayed, or never arrives. */
function closing(): FakePeer {
  return Object.assign(new FakePeer(), { answersClose: false });
}

for (const [closeCode, expected] of REFUSALS) {
  test(`ServiceClient.connect() takes hl.2.no and a close with ${closeCode} as ${expected}`, async () => {
    const ctx = setup({ protocol: "hl.2.no", make: closing });
    const connecting = connectCode(ctx.client.connect());
    await settle();
    ctx.peers[0]!.end(closeCode, "because");
    assertEquals(await connecting, expected);
    await finish(ctx);
  });
}

test("ServiceClient.connect() does not wait for another server that answers hl.2.no", async () => {
  const ctx = setup({ protocol: "hl.2.no" });
  const error = await assertRejects(() => ctx.client.connect(), ConnectError);
  assertEquals(
    [error.code, error.message],
    ["BadHandshake", "Cannot connect: it closed with 1000"],
  );
  await finish(ctx);
});

test("ServiceClient.connect() gives up a refusal that is never explained", async () => {
  const ctx = setup({ protocol: "hl.2.no", make: closing });
  const connecting = connectCode(ctx.client.connect());
  await settle();
  ctx.clock.advance(10_000);
  assertEquals(await connecting, "TimedOut");
  assertEquals(ctx.peers[0]!.terminated, true);
  await finish(ctx);
});

test("ServiceClient.connect() fails after handshakeTimeoutMs, and closes if it succeeds later", async () => {
  let request: DialRequest | undefined;
  const late = new FakePeer();
  let answer = (): void => {};
  const ctx = setup({
    limits: { handshakeTimeoutMs: 300 },
    dial: (asked, open) => {
      request = asked;
      return new Promise((resolve) =>
        answer = () => {
          late.attach(open(late, { protocol: "hl/2" }));
          resolve();
        }
      );
    },
  });
  const connecting = connectCode(ctx.client.connect());
  await settle();
  ctx.clock.advance(300);
  assertEquals(await connecting, "TimedOut");
  assertEquals(request?.signal.aborted, true);
  answer();
  assertEquals(late.terminated, true);
  await finish(ctx);
});

test("ServiceClient.connect() counts a slow url function into the deadline", async () => {
  const ctx = setup({ url: () => new Promise<string>(() => {}) });
  const connecting = connectCode(ctx.client.connect());
  await settle();
  ctx.clock.advance(10_000);
  assertEquals(await connecting, "TimedOut");
  assertEquals(ctx.urls.length, 0);
  await finish(ctx);
});

test("ServiceClient.connect() is cancelled by its signal, before and while it dials", async () => {
  const before = setup({ signal: AbortSignal.abort() });
  assertEquals(await connectCode(before.client.connect()), "Cancelled");
  assertEquals(before.urls.length, 0);
  await finish(before);

  const controller = new AbortController();
  const during = setup({ signal: controller.signal, dial: () => new Promise(() => {}) });
  const connecting = connectCode(during.client.connect());
  await settle();
  controller.abort();
  assertEquals(await connecting, "Cancelled");
  await finish(during);
});

test("ServiceClient closes when its signal aborts", async () => {
  const controller = new AbortController();
  const ctx = setup({ signal: controller.signal });
  await ctx.client.connect();
  const call = ctx.client.rpc.get();
  controller.abort();
  assertEquals(await codeOf(call), "ConnectionLost");
  assertEquals([ctx.client.status.state, ctx.peers[0]!.closedWith?.code], ["closed", 1000]);
  await finish(ctx);
});

test("ServiceClient connects again, resets the state and keeps event iterators", async () => {
  const ctx = setup();
  const { client, clock, peers } = ctx;
  await client.connect();
  const events = client.events();
  peers[0]!.state([0, COUNTER, 7]);
  assertEquals(client.state.current.counter, 7);
  const call = client.rpc.get();
  peers[0]!.end();
  assertEquals(await codeOf(call), "ConnectionLost");
  assertEquals(client.status.state, "reconnecting");
  assertInstanceOf(client.status.cause, RpcError);
  assertEquals(client.state.current.counter, 7);
  assertEquals(await codeOf(client.rpc.get()), "ClientNotConnected");

  await settle();
  clock.advance(200);
  await settle();
  assertEquals([peers.length, client.status.state], [2, "open"]);
  assertEquals(client.state.current.counter, 0);
  const again = client.rpc.get();
  peers[1]!.event(Topic.from("t"), encode(u32, 5));
  peers[1]!.reply(peers[1]!.requests[0]!.id, u32, 3);
  assertEquals(await again, 3);
  assertEquals((await events.next()).value?.payload, 5);
  await finish(ctx);
  assertEquals(await events.next(), { done: true, value: undefined });
  assertEquals(ctx.statuses, ["open", "reconnecting", "open", "closed"]);
});

test("ServiceClient waits longer before each attempt, and asks for url and headers at each", async () => {
  let asked = 0;
  const ctx = setup({
    make: (attempt) => attempt === 0 || attempt === 4 ? new FakePeer() : unreachable(),
    url: () => `ws://host-${asked++}/`,
    headers: () => Promise.resolve({ authorization: String(asked) }),
  });
  const { client, clock, peers, urls } = ctx;
  await client.connect();
  clock.advance(30_000);
  peers[0]!.end();
  for (const [i, waitMs] of [100, 200, 400, 800].entries()) {
    await settle();
    clock.advance(waitMs - 1);
    await settle();
    assertEquals(urls.length, i + 1);
    clock.advance(1);
    await settle();
    assertEquals(urls.length, i + 2);
  }
  assertEquals(client.status.state, "open");
  assertEquals(new URL(urls[4]!).host, "host-4");
  assertEquals(ctx.errors.length, 4);

  // It did not last: the next attempt waits longer still.
  peers[1]!.end();
  await settle();
  clock.advance(1599);
  await settle();
  assertEquals(urls.length, 5);
  clock.advance(1);
  await settle();
  assertEquals(urls.length, 6);
  await finish(ctx);
});

test("ServiceClient stops trying when that cannot help", async () => {
  const ctx = setup({
    make: (attempt) => attempt === 0 ? new FakePeer() : new ConnectError("Unauthorized", "no"),
  });
  const { client, clock, peers } = ctx;
  await client.connect();
  const never = client.state.until(() => false);
  const waiting = codeOf(never);
  peers[0]!.end();
  await settle();
  clock.advance(200);
  await settle();
  assertEquals(client.status.state, "closed");
  assertInstanceOf(client.status.cause, ConnectError);
  assertEquals(await waiting, "ClientNotConnected");
  await finish(ctx);
});

test("ServiceClient does not connect again to a server that closed with SchemaMismatch", async () => {
  const ctx = setup();
  await ctx.client.connect();
  ctx.peers[0]!.end(4010, "methods");
  await settle();
  assertEquals(ctx.client.status.state, "closed");
  assertEquals((ctx.client.status.cause as ConnectError).code, "SchemaMismatch");
  await finish(ctx);
});

test("ServiceClient with reconnect: false is closed when the connection ends", async () => {
  const ctx = setup({ reconnect: false });
  await ctx.client.connect();
  ctx.peers[0]!.end();
  await settle();
  assertEquals(ctx.client.status.state, "closed");
  assertEquals((ctx.client.status.cause as RpcError).code, "ConnectionLost");
  assertEquals(await codeOf(ctx.client.rpc.get()), "ClientNotConnected");
  await finish(ctx);
});

test("ServiceClient connects again after a protocol error", async () => {
  const ctx = setup();
  const { client, clock, peers } = ctx;
  await client.connect();
  const call = client.rpc.get();
  peers[0]!.bytes(new Uint8Array([0xff]));
  assertEquals(await codeOf(call), "ConnectionLost");
  assertInstanceOf(ctx.errors[0], ProtocolError);
  await settle();
  clock.advance(200);
  await settle();
  assertEquals(client.status.state, "open");
  await finish(ctx);
});

test("onConnect runs on every connection, and its calls go first", async () => {
  const seen: boolean[] = [];
  const ctx = setup({
    onConnect: async ({ rpc, reconnected }: Connection<Methods, State>) => {
      seen.push(reconnected);
      await rpc.add({ amount: 1 });
    },
  });
  const { client, clock, peers } = ctx;
  for (const i of [0, 1]) {
    const connecting = i === 0 ? client.connect() : undefined;
    if (i === 1) {
      peers[0]!.end();
      await settle();
      clock.advance(200);
    }
    await settle();
    const peer = peers[i]!;
    assertEquals(peer.requests.length, 1);
    assertEquals(await codeOf(client.rpc.get()), "ClientNotConnected");
    assertEquals(client.status.state, i === 0 ? "connecting" : "reconnecting");
    peer.reply(peer.requests[0]!.id, u32, 0);
    await connecting;
    await settle();
    assertEquals(client.status.state, "open");
  }
  assertEquals(seen, [false, true]);
  await finish(ctx);
});

test("onConnect that fails makes connect() reject and close", async () => {
  const ctx = setup({ onConnect: () => Promise.reject(new TypeError("no login")) });
  await assertRejects(() => ctx.client.connect(), TypeError);
  assertEquals(ctx.peers[0]!.closedWith?.code, 1000);
  await finish(ctx);
});

test("onConnect that never ends is abandoned when the connection ends", async () => {
  const ctx = setup({ onConnect: () => new Promise<void>(() => {}) });
  const connecting = connectCode(ctx.client.connect());
  await settle();
  ctx.peers[0]!.end();
  assertEquals(await connecting, "ConnectionLost");
  await finish(ctx);
});

test("onConnect that finishes after the connection ended does not open the client", async () => {
  let done = (): void => {};
  const ctx = setup({ onConnect: () => new Promise<void>((resolve) => done = resolve) });
  const connecting = ctx.client.connect();
  const failed = connectCode(connecting);
  await settle();
  done();
  ctx.peers[0]!.end();
  assertEquals(await failed, "ConnectionLost");
  assertEquals(ctx.client.status.state, "closed");
  await finish(ctx);
});

test("ServiceClient.close() settles everything, while it waits and while it dials", async () => {
  const open = setup();
  await open.client.connect();
  const call = open.client.rpc.get();
  const until = open.client.state.until(() => false);
  const [codes] = [Promise.all([codeOf(call), codeOf(until)])];
  const events = open.client.events();
  const changes = open.client.state.changes();
  await finish(open);
  assertEquals(await codes, ["ConnectionLost", "ClientNotConnected"]);
  assertEquals((await events.next()).done, true);
  assertEquals((await changes.next()).done, true);
  await open.client.close();

  const waiting = setup();
  await waiting.client.connect();
  waiting.clock.advance(0);
  waiting.peers[0]!.end();
  await settle();
  assertEquals(waiting.clock.pending, 1);
  await finish(waiting);
  assertEquals(waiting.peers.length, 1);

  const dialling = setup({ dial: () => new Promise(() => {}) });
  const connecting = connectCode(dialling.client.connect());
  await settle();
  await finish(dialling);
  assertEquals(await connecting, "Cancelled");
});

test("ServiceClient.close() waits for the transport, and no longer than closeTimeoutMs", async () => {
  const ctx = setup();
  await ctx.client.connect();
  ctx.peers[0]!.answersClose = false;
  const closing = ctx.client.close();
  await settle();
  assertEquals(ctx.client.stats().transports, 1);
  ctx.clock.advance(5000);
  await closing;
  assertEquals(ctx.peers[0]!.terminated, true);
  await finish(ctx);
});

test("ServiceClient.onStatus() notifies listeners until they unsubscribe, also if they throw", async () => {
  const ctx = setup();
  const seen: ClientStatus[] = [];
  const { onStatus } = ctx.client;
  onStatus(() => {
    throw new TypeError("mine");
  });
  const stop = onStatus((status) => seen.push(status));
  await ctx.client.connect();
  stop();
  await finish(ctx);
  assertEquals(seen, [{ state: "open" }]);
  assertEquals(ctx.errors.map((error) => error instanceof TypeError), [true, true]);
});

const BAD_OPTIONS: readonly (readonly [
  options: ConnectOptions<Methods, State>,
  type: typeof TypeError | typeof RangeError,
])[] = [
  [{ level: 10 }, RangeError],
  [{ level: -1 }, RangeError],
  [{ level: 1.5 }, RangeError],
  [{ whenFull: "queue" as "wait" }, TypeError],
  [{ limits: { callTimeoutMs: 0 } }, RangeError],
];
for (const [options, type] of BAD_OPTIONS) {
  test(`ServiceClient refuses ${JSON.stringify(options)}`, () => {
    assertThrows(() => setup(options), type);
  });
}

for (const url of ["ftp://host/", "not a url"]) {
  test(`ServiceClient.connect() refuses ${url}`, async () => {
    const ctx = setup({ url });
    await assertRejects(() => ctx.client.connect(), TypeError);
    await finish(ctx);
  });
}

function unreachable(): ConnectError {
  return new ConnectError("Unreachable", "nobody there");
}

for (
  const [what, cut] of Object.entries({
    "a close": (peer: FakePeer) => peer.end(),
    "a close with 1000": (peer: FakePeer) => peer.end(1000, ""),
    "junk": (peer: FakePeer) => peer.archive(() => {}),
  })
) {
  for (const ticks of [0, 1, 2, 3, 5, 8, 50]) {
    for (const calls of [false, true]) {
      const during = calls ? ", while onConnect calls" : "";
      test(`connect() rejects with ConnectError on ${what} ${ticks} ticks after the 101${during}`, async () => {
        const ctx = setup();
        const cutting: Dialer = async (request, open) => {
          await ctx.dial(request, open);
          for (let i = 0; i < ticks; i++) await Promise.resolve();
          cut(ctx.peers[0]!);
        };
        const onConnect = async ({ rpc }: Connection<Methods, State>): Promise<void> => {
          if (calls) await rpc.get();
        };
        const client = createFullClient<Methods, State, number>(
          Counter,
          "ws://test/",
          { onConnect, reconnect: false },
          { dial: cutting, deflater: testDeflater, clock: ctx.clock },
        );
        const error = await client.connect().then(() => undefined, (reason) => reason);
        await settle();
        // Without a delay the connection opens after some ticks, and is then lost like any other.
        if (calls || ticks === 0) assertInstanceOf(error, ConnectError);
        if (error !== undefined) {
          assertInstanceOf(error, ConnectError);
          assertEquals([error.code, error.retryable], ["ConnectionLost", true]);
          assertInstanceOf(error.cause, what === "junk" ? ProtocolError : RpcError);
        }
        assertEquals(client.status.state, "closed");
        await finish({ ...ctx, client });
      });
    }
  }
}

test("a client that is closed in a listener of its state leaves no connection, also while it reconnects", async () => {
  for (const end of ["close", "abort"] as const) {
    const controller = new AbortController();
    const ctx = setup({ signal: controller.signal });
    const { client, clock, peers } = ctx;
    await client.connect();
    peers[0]!.state([0, COUNTER, 1]);
    client.state.subscribe(({ counter }) => {
      if (counter > 0) return;
      if (end === "close") void client.close();
      else controller.abort();
    });
    peers[0]!.end();
    await settle();
    clock.advance(200);
    await settle();
    assertEquals(client.status.state, "closed");
    assertEquals([peers.length, peers[1]?.closedWith?.code], [2, 1000]);
    await finish(ctx);
  }
});

test("ServiceClient waits ever longer for a server that cannot take, or be taken", async () => {
  const ends: readonly ((peer: FakePeer) => void)[] = [
    (peer) => peer.end(4009, "too big"),
    (peer) => peer.end(4002, "not understood"),
    (peer) => peer.archive(() => {}),
    (peer) => peer.end(1006, "gone"),
  ];
  const ctx = setup();
  const { client, clock, peers } = ctx;
  await client.connect();
  const waited: number[] = [];
  for (const end of ends) {
    const peer = peers.at(-1)!;
    peer.state([0, COUNTER, 1]);
    clock.advance(60_000);
    end(peer);
    await settle();
    const before = clock.now();
    while (client.status.state !== "open") {
      clock.advance(100);
      await settle();
    }
    waited.push(clock.now() - before);
  }
  assertEquals(waited, [200, 400, 800, 100]);
  await finish(ctx);
});

test("any number of calls, clients and iterators listen to one signal by one listener", async () => {
  const { signal } = new AbortController();
  let listeners = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  let most = 0;
  signal.addEventListener = ((...args: Parameters<typeof add>) => {
    most = Math.max(most, ++listeners);
    add(...args);
  }) as typeof add;
  signal.removeEventListener = ((...args: Parameters<typeof remove>) => {
    listeners--;
    remove(...args);
  }) as typeof remove;
  const clients = [setup({ signal }), setup({ signal })];
  for (const ctx of clients) {
    const { client } = ctx;
    await client.connect();
    const calls = Array.from({ length: 20 }, () => codeOf(client.rpc.get({}, { signal })));
    for (let i = 0; i < 20; i++) {
      client.events({ signal });
      client.state.changes({ signal });
    }
    const until = codeOf(client.state.until(() => false, { signal }));
    await finish(ctx);
    await Promise.all(calls);
    await until;
  }
  assertEquals([most, listeners], [1, 0]);
});

test("a signal that aborts ends all that listen to it, whatever one of them does", async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const ctx = setup();
  const { client } = ctx;
  await client.connect();
  const calls = [1, 2, 3].map(() => codeOf(client.rpc.get({}, { signal })));
  const stream = client.events({ signal });
  controller.abort();
  assertEquals(await Promise.all(calls), ["Cancelled", "Cancelled", "Cancelled"]);
  assertEquals((await stream.next()).done, true);
  assertEquals((await client.events({ signal }).next()).done, true);
  await finish(ctx);
});
