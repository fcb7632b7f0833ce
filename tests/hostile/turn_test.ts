/**
 * One peer's messages must not block the event loop: with `serve()`, and with a mount on this runtime's own
 * server.
 */
import { Buffer } from "node:buffer";
import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { bytes, type ProtocolError, rpc, service, struct, u32, vec } from "../../mod.ts";
import { handler, serve, type ServerOptions } from "../../server.ts";
import {
  beginMessage,
  currentTurn,
  endMessage,
  eventLoop,
  waitForTurn,
} from "../../runtime/turn.ts";
import { RawClient } from "../support/raw_client.ts";
import { until } from "../support/until.ts";
import { call, frame } from "./frames.ts";

const Busy = service({
  rpc: {
    work: rpc({ n: u32 }, u32),
    put: rpc({ data: bytes }, u32),
    grow: rpc({ items: vec(struct({})) }, u32),
    ask: rpc({ n: u32 }, bytes),
  },
});
const [WORK, PUT, GROW, ASK] = Busy.methods;
/** Takes milliseconds to be deflated. */
const ANSWER = new Uint8Array(600_000);
/** About ten bytes that decode to megabytes. */
const GROWING = { items: Array.from({ length: 100_000 }, () => ({})) };
const GROWING_CALLS = 24;
/** Milliseconds of such a call: longer than it takes until a timer is due, so that each pass of the loop runs it. */
const GROWING_MS = 3;
/** Two of the first pass, as the second is small until it is decoded, and one of the turn behind it. */
const MAX_GROWING_RUN = 3;
const CALLS = 200;
const CLOSE = frame(Buffer.from([0x03, 0xe8]), 0x88);

const realNow = performance.now.bind(performance);

/** The events at a server, in order. */
class Log {
  /** Arguments of calls. */
  readonly calls: number[] = [];
  /** Calls before the connection ended. */
  callsAtClose: number | undefined;
  /** The most calls between two timers. */
  longestRun = 0;
  #run = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  readonly options: ServerOptions<unknown>;
  readonly errors: unknown[] = [];

  constructor(limits: ServerOptions<unknown>["limits"] = {}) {
    this.options = {
      limits,
      onError: (error) => this.errors.push(error),
      onTrace: (trace) => {
        if (trace.type === "closed") this.callsAtClose ??= this.calls.length;
      },
    };
    this.#tick();
  }

  #tick(): void {
    this.#run = 0;
    this.#timer = setTimeout(() => this.#tick());
  }

  /** Block the event loop for some milliseconds. */
  work(n: number, ms: number): number {
    this.calls.push(n);
    this.longestRun = Math.max(this.longestRun, ++this.#run);
    for (const until = realNow() + ms; realNow() < until;);
    return n;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

type Served = AsyncDisposable & { readonly port: number };
interface Runtimes {
  readonly Bun?: { serve(options: unknown): { readonly port: number; stop(cut: boolean): void } };
  readonly Deno?: {
    serve(
      options: unknown,
      fetch: unknown,
    ): { readonly addr: { readonly port: number }; shutdown(): Promise<void> };
  };
}
const { Bun: bun, Deno: deno } = globalThis as unknown as Runtimes;

function serveBusy(log: Log, workMs: number): Promise<Served> {
  return serve(
    Busy,
    { port: 0, hostname: "127.0.0.1", tls: "plain", ...log.options },
    () => ({
      work: ({ n }) => log.work(n, workMs),
      put: ({ data }) => log.work(data.length, workMs),
      grow: ({ items }) => log.work(items.length, GROWING_MS),
      ask: ({ n }) => (log.work(n, GROWING_MS), ANSWER),
    }),
  );
}

function mountBusy(log: Log, workMs: number): Served {
  const mounted = handler(Busy, log.options, () => ({
    work: ({ n }) => log.work(n, workMs),
    put: ({ data }) => log.work(data.length, workMs),
    grow: ({ items }) => log.work(items.length, GROWING_MS),
    ask: ({ n }) => (log.work(n, GROWING_MS), ANSWER),
  }));
  if (bun !== undefined) {
    const server = bun.serve({ port: 0, hostname: "127.0.0.1", ...mounted });
    return {
      port: server.port,
      async [Symbol.asyncDispose]() {
        await mounted.close();
        server.stop(true);
      },
    };
  }
  const server = deno!.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, mounted.fetch);
  return {
    port: server.addr.port,
    async [Symbol.asyncDispose]() {
      await mounted.close();
      await server.shutdown();
    },
  };
}

const SERVERS: Readonly<Record<string, (log: Log, workMs: number) => Served | Promise<Served>>> = {
  "serve()": serveBusy,
  ...(bun === undefined && deno === undefined ? {} : { "a mount": mountBusy }),
};

/** Replace the clock that turns are measured by. */
function setClock(now: () => number): Disposable {
  performance.now = now;
  return { [Symbol.dispose]: () => void (performance.now = realNow) };
}

/** A frame each, or all in one, for a server that has agreed to that. */
const FORMS: readonly (readonly [string, string, (messages: readonly Buffer[]) => Buffer])[] = [
  ["", "/", (messages) => Buffer.concat(messages.map((message) => frame(message)))],
  [", all in one", "/?hl-x=1", (messages) => frame(Buffer.concat(messages))],
];

const numbers = Array.from({ length: CALLS }, (_, n) => n);

for (
  const [name, form, path, pack, start] of Object.entries(SERVERS).flatMap(([name, start]) =>
    FORMS.map((form) => [name, ...form, start] as const)
  )
) {
  test(`${name}: timers run between the messages of one read${form}, and order is kept`, async () => {
    const log = new Log();
    await using server = await start(log, 1);
    const client = await RawClient.connect(server.port);
    await client.upgrade(path);
    client.write(pack(numbers.map((n) => call(n, WORK!.call, { n }))));
    await until(() => log.calls.length === CALLS);
    assertEquals(log.calls, numbers);
    assert(log.longestRun < CALLS / 2, `${log.longestRun} calls without a timer`);
    client.write(frame(call(0, WORK!.call, { n: 1000 })));
    await until(() => log.calls.length > CALLS);
    client.socket.destroy();
    log.stop();
  });

  for (const [how, last] of [["a close frame", CLOSE], ["a FIN", undefined]] as const) {
    test(`${name}: the end of a connection by ${how} comes behind the messages before it${form}`, async () => {
      const log = new Log();
      await using server = await start(log, 1);
      const client = await RawClient.connect(server.port);
      await client.upgrade(path);
      const messages = pack(numbers.map((n) => call(n, WORK!.call, { n })));
      client.write(last === undefined ? messages : Buffer.concat([messages, last]));
      client.socket.end();
      await until(() => log.callsAtClose !== undefined);
      assertEquals([log.calls.length, log.callsAtClose], [CALLS, CALLS]);
      log.stop();
    });
  }

  for (const sockets of [1, GROWING_CALLS]) {
    test(`${name}: timers run between small messages that become large, from ${sockets} at once${form}`, async () => {
      const log = new Log();
      await using server = await start(log, 1);
      const clients: RawClient[] = [];
      for (let n = 0; n < sockets; n++) {
        const client = await RawClient.connect(server.port);
        await client.upgrade(path);
        clients.push(client);
      }
      // The clock stands still: only what the messages decode to ends a turn.
      using _clock = setClock(() => 1);
      const each = call(0, GROW!.call, GROWING);
      assert(each.length < 64, `${each.length} bytes`);
      const frames = Array.from({ length: GROWING_CALLS / sockets }, () => each);
      for (const client of clients) client.write(pack(frames));
      await until(() => log.calls.length === GROWING_CALLS);
      assert(log.longestRun <= MAX_GROWING_RUN, `${log.longestRun} calls without a timer`);
      for (const { socket } of clients) socket.destroy();
      log.stop();
    });
  }

  test(`${name}: timers run between small messages with large answers${form}`, async () => {
    const log = new Log();
    await using server = await start(log, 1);
    const client = await RawClient.connect(server.port);
    await client.upgrade(path);
    using _clock = setClock(() => 1);
    client.write(pack(numbers.slice(0, GROWING_CALLS).map((n) => call(n, ASK!.call, { n }))));
    await until(() => log.calls.length === GROWING_CALLS);
    assert(log.longestRun <= MAX_GROWING_RUN, `${log.longestRun} calls without a timer`);
    client.socket.destroy();
    log.stop();
  });

  test(`${name}: another client is heard while one keeps the server busy${form}`, async () => {
    const log = new Log();
    await using server = await start(log, 5);
    const attacker = await RawClient.connect(server.port);
    await attacker.upgrade(path);
    const other = await RawClient.connect(server.port);
    await other.upgrade();
    attacker.write(pack(numbers.map((n) => call(n, WORK!.call, { n }))));
    await until(() => log.calls.length > 0);
    other.write(frame(call(0, WORK!.call, { n: 9999 })));
    await until(() => log.calls.includes(9999));
    assert(log.calls.length < CALLS, "only when the attacker's calls were over");
    attacker.socket.destroy();
    other.socket.destroy();
    log.stop();
  });
}

test("a socket that waits behind another has its part of the same turn", async () => {
  const turns: [name: string, turn: number][] = [];
  // A process that had to wait for a processor would use up another's part as well.
  let now = performance.now();
  using _clock = setClock(() => now);
  const busy = {
    isLight: false,
    goOn() {
      do {
        now += 1;
      } while (!endMessage(beginMessage(10_000)));
      turns.push(["busy", currentTurn()]);
      return turns.length < 6;
    },
  };
  waitForTurn(busy);
  const goOn = () => turns.push(["other", currentTurn()]) === 0;
  waitForTurn({ isLight: false, goOn });
  await until(() => turns.length === 6);
  const [first, second] = turns;
  assertEquals([first![0], second![0], second![1]], ["busy", "other", first![1]]);
});

test("a socket with a small last message waits for two others at most, and these have every second turn", async () => {
  const served: string[] = [];
  // Each keeps a turn for itself.
  const waiter = (name: string, isLight: boolean, times: number) => ({
    isLight,
    goOn() {
      served.push(name);
      eventLoop.onDecoded(8 << 20);
      return --times > 0;
    },
  });
  for (let n = 0; n < 6; n++) waitForTurn(waiter(`heavy ${n}`, false, 1));
  waitForTurn(waiter("light", true, 3));
  await until(() => served.length === 9);
  const heavy = served.filter((name) => name !== "light");
  assertEquals(heavy, Array.from({ length: 6 }, (_, n) => `heavy ${n}`));
  assert(served.indexOf("light") < 2, served.join());
  assert(served.lastIndexOf("light") < 6, served.join());
  assert(served.slice(0, 5).some((name) => name !== "light"), served.join());
});

if (bun !== undefined || deno !== undefined) {
  for (const [name, start] of Object.entries(SERVERS)) {
    if (name === "serve()" && bun === undefined) continue;
    test(`${name}: messages that wait are bounded by maxWaitingBytes`, async () => {
      const log = new Log({ maxWaitingBytes: 100_000 });
      await using server = await start(log, 20);
      const client = await RawClient.connect(server.port);
      await client.upgrade();
      const data = crypto.getRandomValues(new Uint8Array(10_000));
      const each = frame(call(0, PUT!.call, { data }));
      client.write(Buffer.concat(numbers.map(() => each)));
      await until(() => log.callsAtClose !== undefined);
      assert(log.calls.length < CALLS);
      assertEquals(log.errors.map((error) => (error as ProtocolError).closeCode), [4008]);
      assert(String(log.errors[0]).includes("maxWaitingBytes, 100000 bytes"));
      client.socket.destroy();
      log.stop();
    });
  }
}
