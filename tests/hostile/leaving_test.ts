/**
 * Clients that leave at every stage of a connection leave nothing behind: with `serve()`, and with a mount on
 * this runtime's own server.
 */
import { Buffer } from "node:buffer";
import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { type ClientOf, connect } from "../../client.ts";
import { bytes, rpc, service, u32 } from "../../mod.ts";
import { handler, type HandlerOf, serve, type ServerStats } from "../../server.ts";
import { collected } from "../support/garbage.ts";
import { RawClient, upgradeRequest } from "../support/raw_client.ts";
import { call, frame } from "./frames.ts";
import { until } from "../support/until.ts";

const Left = service({
  rpc: {
    hold: rpc({ data: bytes }),
    forget: rpc({ data: bytes }),
    get: rpc({ length: u32 }, bytes),
    assign: rpc({ length: u32 }),
    join: rpc(),
  },
  state: { blob: bytes },
  event: bytes,
});
const [HOLD, FORGET, GET, ASSIGN, JOIN] = Left.methods.map((method) => method.call);
/** How many leave at each stage, and how many the server has room for. */
const CLIENTS = 5;
const HELD_BYTES = 100_000;
/** More than the system's buffers hold for one connection. */
const UNREAD_BYTES = 8 << 20;
const WAIT = "/?wait";

const noise = Buffer.alloc(UNREAD_BYTES);
for (let at = 0; at < noise.length; at += 65_536) {
  crypto.getRandomValues(noise.subarray(at, at + 65_536));
}

const answer: HandlerOf<typeof Left, true> = ({ signal, state, subscriptions }) => ({
  hold: ({ data }) =>
    new Promise<void>((_, reject) => {
      signal.addEventListener("abort", () => reject(new Error(`left with ${data.length}`)));
    }),
  forget: ({ data }) => new Promise<void>(() => void data),
  get: ({ length }) => noise.subarray(0, length),
  assign({ length }) {
    state.blob = noise.subarray(0, length);
  },
  join: () => void subscriptions.add("all"),
});

/** Settles each decision that waits. */
const decide: ((value: true) => void)[] = [];

const options = {
  limits: {
    maxConnections: CLIENTS,
    maxAuthorizations: CLIENTS,
    maxPlainConnections: CLIENTS,
    closeTimeoutMs: 300,
    maxBufferedBytes: 16 << 20,
  },
  authorize: (request: Request): true | Promise<true> =>
    request.url.endsWith(WAIT) ? new Promise<true>((resolve) => decide.push(resolve)) : true,
  onError() {},
};

interface Served extends AsyncDisposable {
  readonly port: number;
  readonly events: { emit(topic: string, event: Uint8Array): void };
  stats(): ServerStats;
}
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

function mount(): Served {
  const mounted = handler(Left, options, answer);
  const { events } = mounted;
  const stats = () => mounted.stats();
  if (bun !== undefined) {
    const server = bun.serve({ port: 0, hostname: "127.0.0.1", ...mounted });
    return {
      port: server.port,
      events,
      stats,
      async [Symbol.asyncDispose]() {
        await mounted.close();
        server.stop(true);
      },
    };
  }
  const server = deno!.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, mounted.fetch);
  return {
    port: server.addr.port,
    events,
    stats,
    async [Symbol.asyncDispose]() {
      await mounted.close();
      // It waits for ever for clients that have left before they were let in.
      void server.shutdown();
    },
  };
}

const SERVERS: Readonly<Record<string, () => Served | Promise<Served>>> = {
  "serve()": () =>
    serve(Left, { port: 0, hostname: "127.0.0.1", tls: "plain", ...options }, answer),
  ...(bun === undefined && deno === undefined ? {} : { "a mount": mount }),
};

/** How far a client goes before it leaves. */
type Stage = (client: RawClient, server: Served) => void | Promise<void>;

/** Upgrade, and go on. */
function afterwards(stage: Stage): Stage {
  return async (client, server) => {
    const head = await client.upgrade();
    assert(head.startsWith("HTTP/1.1 101 "), head);
    await stage(client, server);
  };
}

const held = frame(call(0, HOLD!, { data: noise.subarray(0, HELD_BYTES) }));

const STAGES: Readonly<Record<string, Stage>> = {
  "one that has said nothing": () => {},
  "in the middle of its request": (client) => client.write(upgradeRequest().slice(0, 60)),
  "while authorize decides": async (client) => {
    const before = decide.length;
    client.write(upgradeRequest({}, `GET ${WAIT} HTTP/1.1`));
    await until(() => decide.length > before);
  },
  "behind its request": (client) => client.write(upgradeRequest()),
  "one that was let in": afterwards(() => {}),
  "in the middle of a frame's head": afterwards((client) => client.write(held.subarray(0, 5))),
  "in the middle of a frame": afterwards((client) => client.write(held.subarray(0, 60_000))),
  "between fragments": afterwards((client) => client.write(frame(noise.subarray(0, 50_000), 0x02))),
  "with a call under way": afterwards(async (client, server) => {
    const before = server.stats().heldBytes;
    client.write(held);
    await until(() => server.stats().heldBytes >= before + HELD_BYTES);
  }),
  "with an answer that it does not read": afterwards(async (client, server) => {
    client.socket.pause();
    const before = server.stats().bytesSent;
    client.write(frame(call(0, GET!, { length: UNREAD_BYTES })));
    await until(() => server.stats().bytesSent >= before + UNREAD_BYTES);
  }),
  "with a change of the state that it does not read": afterwards(async (client, server) => {
    client.socket.pause();
    const before = server.stats().bytesSent;
    client.write(frame(call(0, ASSIGN!, { length: UNREAD_BYTES })));
    await until(() => server.stats().bytesSent >= before + UNREAD_BYTES);
  }),
  "with an event that it does not read": afterwards(async (client, server) => {
    client.write(frame(call(0, JOIN!, {})));
    await client.until(() => client.bytes.length > 0);
    client.socket.pause();
    server.events.emit("all", noise);
  }),
  "behind its close frame": afterwards((client) => {
    client.write(frame(Buffer.from([0x03, 0xe8]), 0x88));
  }),
  "behind an invalid frame": afterwards((client) => client.write(Buffer.from([0xff, 0xff]))),
};

const WAYS: Readonly<Record<string, (client: RawClient) => void>> = {
  "FIN": ({ socket }) => {
    socket.end();
    socket.resume();
  },
  // Node 20 never ends if it resets a socket that is ending.
  "RST": ({ socket }) => socket.writableEnded ? socket.destroy() : socket.resetAndDestroy(),
};

/** Connect, as soon as the sockets of ended connections are closed. */
async function comeIn({ port }: Served): Promise<ClientOf<typeof Left>> {
  for (;;) {
    try {
      return await connect(Left, `ws://127.0.0.1:${port}`, { level: 0 });
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
/** The counters of clients. */
function left(server: Served): number[] {
  const { connections, callsInFlight, bufferedBytes, heldBytes, subscriptions } = server.stats();
  return [connections, callsInFlight, bufferedBytes, heldBytes, subscriptions];
}
const NOTHING = [0, 0, 0, 0, 0];

for (const [name, start] of Object.entries(SERVERS)) {
  for (const [stage, go] of Object.entries(STAGES)) {
    test(`${name}: nothing is left of clients, each ${stage}`, async () => {
      await using server = await start();
      for (const leave of Object.values(WAYS)) {
        const clients: RawClient[] = [];
        for (let i = 0; i < CLIENTS; i++) {
          const client = await RawClient.connect(server.port);
          clients.push(client);
          await go(client, server);
        }
        for (const client of clients) leave(client);
        await until(() => left(server).every((count) => count === 0));
        for (const resolve of decide.splice(0)) resolve(true);
        for (const { socket } of clients) socket.destroy();
        // As many as the limit allows connect at once, and each works fully.
        await until(() => server.stats().connections === 0);
        const others = await Promise.all(
          Array.from({ length: CLIENTS }, () => comeIn(server)),
        );
        for (const { rpc } of others) assertEquals((await rpc.get({ length: 9 })).length, 9);
        await Promise.all(others.map((other) => other.close()));
        await until(() => left(server).every((count) => count === 0));
      }
      assertEquals(left(server), NOTHING);
    });
  }

  test(`${name}: arguments of handlers that can settle no more are released with their clients`, async () => {
    await using server = await start();
    // Not all at once: engines keep objects that are on the stack.
    for (let i = 0; i < 4 * CLIENTS; i++) {
      const client = await RawClient.connect(server.port);
      await client.upgrade();
      client.write(frame(call(0, FORGET!, { data: noise.subarray(0, HELD_BYTES) })));
      await until(() => server.stats().callsInFlight === 1);
      assert(server.stats().heldBytes >= HELD_BYTES);
      client.socket.destroy();
      await until(() => server.stats().connections === 0);
    }
    const bytes = () => server.stats().heldBytes;
    assert(await collected(() => bytes() <= HELD_BYTES * 2), `${bytes()} bytes are held`);
  });
}
