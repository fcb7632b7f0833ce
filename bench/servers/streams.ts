/**
 * A server that streams: `streams.ts <kind>`. A kind is `hardlight`, `mounted`, `raw`, or one of the
 * peers.
 *
 * @module
 */
import process from "node:process";
import { handler, serve } from "../../server.ts";
import { listenWs, RUNTIME } from "../peers/rpc/native.ts";
import { STREAM_PEERS } from "../peers/streams.ts";
import { Flow, itemsOf, pump, readSlowly } from "./flow.ts";
import { announce } from "./stdio.ts";

const [kind = "hardlight"] = process.argv.slice(2);

const handlers = () => ({
  down: (args: { items: number; itemBytes: number }) => itemsOf(args.items, args.itemBytes),
  async up({ parts }: { parts: AsyncIterable<Uint8Array> }): Promise<number> {
    let read = 0;
    for await (const _ of parts) read++;
    return read;
  },
  slow: ({ itemUs, parts }: { itemUs: number; parts: AsyncIterable<Uint8Array> }) =>
    readSlowly(parts, itemUs),
  get: () => 1,
  heap: () => BigInt(process.memoryUsage().heapUsed),
  memory: () => BigInt(process.memoryUsage().rss),
});

/** The path of a bare socket's request: `/down/<items>/<bytes>` or `/up/<items>/<bytes>`. */
function wanted(url: string): { way: string; items: number; itemBytes: number } {
  const [, way = "", items, itemBytes] = new URL(url).pathname.split("/");
  return { way, items: Number(items), itemBytes: Number(itemBytes) };
}

function listenRawDeno(): number {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
    socket.binaryType = "arraybuffer";
    const { way, items, itemBytes } = wanted(request.url);
    let read = 0;
    socket.onopen = () => {
      if (way !== "down") return;
      pump(items, itemBytes, (item) => socket.send(item), () => socket.bufferedAmount);
    };
    socket.onmessage = () => {
      if (++read === items) socket.send(Uint8Array.of(1));
    };
    return response;
  });
  return server.addr.port;
}

interface BunSocket {
  readonly data: { readonly url: string; read: number };
  send(message: Uint8Array): number;
  getBufferedAmount(): number;
}

function listenRawBun(): number {
  const { Bun } = globalThis as unknown as { Bun: { serve(options: object): { port: number } } };
  return Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: (
      request: Request,
      server: { upgrade(request: Request, options: object): boolean },
    ) =>
      server.upgrade(request, { data: { url: request.url, read: 0 } }) ? undefined : new Response(),
    websocket: {
      idleTimeout: 0,
      perMessageDeflate: false,
      open(socket: BunSocket) {
        const { way, items, itemBytes } = wanted(socket.data.url);
        if (way !== "down") return;
        pump(items, itemBytes, (item) => socket.send(item), () => socket.getBufferedAmount());
      },
      message(socket: BunSocket) {
        if (++socket.data.read === wanted(socket.data.url).items) socket.send(Uint8Array.of(1));
      },
    },
  }).port;
}

async function listenRawNode(): Promise<number> {
  const { server, port } = await listenWs();
  server.on("connection", (socket, request) => {
    const { way, items, itemBytes } = wanted(`ws://localhost${request.url}`);
    let read = 0;
    socket.on("message", () => {
      if (++read === items) socket.send(Uint8Array.of(1));
    });
    if (way !== "down") return;
    pump(items, itemBytes, (item) => socket.send(item), () => socket.bufferedAmount);
  });
  return port;
}

const listenRaw = { deno: listenRawDeno, bun: listenRawBun, node: listenRawNode };

async function listen(): Promise<number> {
  const peer = STREAM_PEERS[kind];
  if (peer !== undefined) return await peer.serve();
  if (kind === "raw") return await listenRaw[RUNTIME]();
  if (kind === "hardlight") {
    const options = {
      port: 0,
      hostname: "127.0.0.1",
      tls: "plain",
      origins: () => true,
    } as const;
    return (await serve(Flow, options, handlers)).port;
  }
  const mounted = handler(Flow, {}, handlers);
  const { Bun } = globalThis as unknown as { Bun?: { serve(options: object): { port: number } } };
  if (Bun !== undefined) return Bun.serve({ port: 0, ...mounted }).port;
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, mounted.fetch);
  return server.addr.port;
}

await announce(await listen(), undefined);
