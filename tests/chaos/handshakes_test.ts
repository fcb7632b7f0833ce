import { assert, assertEquals } from "@std/assert";
import net from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import tls from "node:tls";
import { connect } from "../../client.ts";
import { handler, serve } from "../../server.ts";
import { upgradeRequest } from "../support/raw_client.ts";
import { STREAMING, Target } from "./hostile_peer.ts";
import { openFiles } from "../support/open_files.ts";
import { until } from "../support/until.ts";

const OPTIONS = { limits: { handshakeTimeoutMs: 500, closeTimeoutMs: 500 }, onError() {} };
const HALF_OPEN = 1000;
/** Bun gives a request ten seconds, regardless of `handshakeTimeoutMs`. */
const PATIENT = { timeout: 60_000 };

const methods = () => ({
  add: ({ amount }: { amount: number }) => amount,
  wait: () => 0,
  ...STREAMING,
});

/** A server, and how to end it. */
interface Started extends AsyncDisposable {
  readonly port: number;
  readonly secure: boolean;
}

interface Bun {
  serve(options: object): { readonly port: number; stop(cut: boolean): Promise<void> };
}

const SERVERS: Readonly<Record<string, () => Promise<Started>>> = {
  "serve()": () => served("plain"),
  "serve() with TLS": () => served("self-signed"),
  "handler()": () => {
    const mounted = handler(Target, OPTIONS, methods);
    const { Bun: bun } = globalThis as { readonly Bun?: Bun };
    const where = { port: 0, hostname: "127.0.0.1" };
    if (bun !== undefined) {
      const server = bun.serve({ ...where, ...mounted });
      const stop = () => server.stop(true);
      return Promise.resolve({ port: server.port, secure: false, [Symbol.asyncDispose]: stop });
    }
    const abort = new AbortController();
    const { signal } = abort;
    const server = Deno.serve({ ...where, signal, onListen() {} }, mounted.fetch);
    return Promise.resolve({
      port: server.addr.port,
      secure: false,
      async [Symbol.asyncDispose]() {
        abort.abort();
        await server.finished;
      },
    });
  },
};

async function served(tls: "plain" | "self-signed"): Promise<Started> {
  const server = await serve(
    Target,
    { port: 0, hostname: "127.0.0.1", tls, ...OPTIONS },
    methods,
  );
  const close = () => server.close();
  return { port: server.port, secure: tls !== "plain", [Symbol.asyncDispose]: close };
}

/** A peer, and its outcome. */
interface Peer {
  readonly socket: net.Socket;
  readonly ended: Promise<void>;
  /** The answer to it. */
  answer: string;
}

async function peerOf(port: number, secure: boolean): Promise<Peer> {
  const where = { host: "127.0.0.1", port };
  const socket = secure ? tls.connect({ ...where, rejectUnauthorized: false }) : net.connect(where);
  const peer: Peer = {
    socket,
    ended: new Promise((resolve) => {
      for (const name of ["end", "error", "close"]) socket.on(name, () => resolve());
    }),
    answer: "",
  };
  socket.on("data", (chunk: Uint8Array) => {
    if (peer.answer.length < 100) peer.answer += new TextDecoder("latin1").decode(chunk);
  });
  const open = new Promise((resolve) => {
    socket.once(secure ? "secureConnect" : "connect", resolve);
  });
  await Promise.race([open, peer.ended]);
  return peer;
}

/** Send bytes one by one while the peer accepts them. */
function drip({ socket, ended }: Peer, text: string): void {
  let i = 0;
  const timer = setInterval(() => socket.write(text.charAt(i++ % text.length)), 50);
  void ended.then(() => clearInterval(timer));
}

const HEAD = upgradeRequest().slice(0, -2);

const FLOODS: Readonly<Record<string, (peer: Peer) => void>> = {
  "a field of 100 kB": ({ socket }) =>
    void socket.write(`${HEAD}X: ${"a".repeat(100_000)}\r\n\r\n`),
  "10,000 fields": ({ socket }) => void socket.write(`${HEAD}${"X-A: b\r\n".repeat(10_000)}\r\n`),
  "a field without end": ({ socket, ended }) => {
    socket.write(`${HEAD}X: `);
    const timer = setInterval(() => socket.write("a".repeat(1 << 14)), 1);
    void ended.then(() => clearInterval(timer));
  },
};

const SLOW: Readonly<Record<string, (peer: Peer) => void>> = {
  "who says nothing": () => {},
  "half a request": ({ socket }) => void socket.write(HEAD.slice(0, 40)),
  "a request byte by byte": (peer) => drip(peer, HEAD + "X-A: b\r\n".repeat(1000)),
};

/** Call all the while; every call must be answered. Returns how many were. */
async function meanwhile({ port, secure }: Started, run: () => Promise<void>): Promise<number> {
  const url = `${secure ? "wss" : "ws"}://127.0.0.1:${port}`;
  const tls = secure ? { tls: "self-signed" as const } : {};
  await using client = await connect(Target, url, { reconnect: false, ...tls });
  let over = false;
  const running = run().finally(() => over = true);
  let calls = 0;
  do {
    assertEquals(await client.rpc.add({ amount: ++calls }), calls);
    await sleep(5);
  } while (!over);
  await running;
  return calls;
}

const onDeno = !("Bun" in globalThis);

for (const [name, start] of Object.entries(SERVERS)) {
  test(`${name} refuses floods of header fields, and answers others`, PATIENT, async () => {
    await using server = await start();
    const calls = await meanwhile(server, async () => {
      for (const [flood, send] of Object.entries(FLOODS)) {
        const peer = await peerOf(server.port, server.secure);
        send(peer);
        await peer.ended;
        peer.socket.destroy();
        // A peer that is cut while it sends may not see the answer.
        assert(/^$|^HTTP\/1.1 4(00|31) /.test(peer.answer), `${flood}: ${peer.answer}`);
      }
    });
    assert(calls > 0);
  });

  // `Deno.serve` waits for a request without end, and leaves a handler no way to know.
  const unbounded = onDeno && name === "handler()";

  test(
    `${name} answers others beside ${HALF_OPEN} that say half, ${
      unbounded ? "" : "and hangs up on them"
    }`,
    PATIENT,
    async () => {
      await using server = await start();
      const before = openFiles();
      const calls = await meanwhile(server, async () => {
        const peers: Peer[] = [];
        for (let i = 0; i < HALF_OPEN; i++) peers.push(await peerOf(server.port, false));
        const ways = Object.values(SLOW);
        // Under TLS, of which this is a first message that goes on.
        peers.forEach((peer, i) =>
          server.secure
            ? i % 2 === 0 || peer.socket.write("\x16\x03\x01\x02\0\x01")
            : ways[i % 3]!(peer)
        );
        if (server.secure) {
          for (const way of ways) {
            const peer = await peerOf(server.port, true);
            way(peer);
            peers.push(peer);
          }
        }
        if (!unbounded) await Promise.all(peers.map(({ ended }) => ended));
        for (const { socket } of peers) socket.destroy();
      });
      assert(calls > 0);
      await until(() => openFiles() <= before);
    },
  );
}
