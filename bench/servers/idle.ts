/**
 * A server that reports its memory and CPU time: `idle.ts <kind> [--tls]`, on Deno, Bun or Node. A kind is
 * `raw`, `raw with data`, `hardlight` or `mounted`.
 *
 * It prints `listening <port>`, and answers `cpu` on stdin with its CPU time, any other line with its memory after a
 * collection.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import http from "node:http";
import https from "node:https";
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { counter } from "../../examples/counter/handler.ts";
import { Counter } from "../../examples/counter/service.ts";
import { handler, serve } from "../../server.ts";
import { ALIAS } from "../../wire/handshake.ts";
import { certificateIfAsked } from "./stdio.ts";

/** Concurrent connections, plus some for warm-up. */
const limits = { maxConnections: 1_000_000 };

interface Bun {
  serve(options: unknown): { readonly port: number };
  gc(force: boolean): void;
}

interface BunSockets {
  upgrade(request: Request, options: { data: unknown }): boolean;
  requestIP(request: Request): { readonly address: string } | null;
}

interface EchoSocket {
  send(message: Uint8Array): number;
}

interface NodeSocket extends EchoSocket {
  on(event: "message", listener: (message: Uint8Array) => void): void;
}

const certificate = await certificateIfAsked();
const bun = (globalThis as { readonly Bun?: Bun }).Bun;
const isNode = bun === undefined && !("Deno" in globalThis);

/** The runtime's own server, with its default options. */
async function listenRaw(data?: typeof dataOf): Promise<number> {
  if (bun !== undefined) return listenBun(bun, data);
  return isNode ? await listenNode() : listenDeno(accept);
}

function accept(request: Request): Response {
  const { socket, response } = Deno.upgradeWebSocket(request, { protocol: ALIAS });
  socket.binaryType = "arraybuffer";
  socket.onmessage = ({ data }) => socket.send(data);
  return response;
}

function listenDeno(answer: (request: Request) => Response | Promise<Response>): number {
  const options = { port: 0, hostname: "127.0.0.1", onListen(): void {} };
  const server = certificate === undefined
    ? Deno.serve(options, answer)
    : Deno.serve({ ...options, cert: certificate.cert, key: certificate.key }, answer);
  return server.addr.port;
}

/** Typical data of an application per connection: a user, some state, and two functions. */
function dataOf(request: Request, sockets: BunSockets): unknown {
  const url = new URL(request.url);
  const state = {
    address: sockets.requestIP(request)?.address,
    origin: request.headers.get("origin"),
    room: url.searchParams.get("room"),
    counter: 0,
  };
  return { increment: () => ++state.counter, get: () => state.counter };
}

function listenBun(runtime: Bun, data?: typeof dataOf): number {
  return runtime.serve({
    port: 0,
    hostname: "127.0.0.1",
    ...(certificate === undefined ? {} : { tls: certificate }),
    fetch: (request: Request, server: BunSockets) =>
      server.upgrade(request, { data: data?.(request, server) })
        ? undefined
        : new Response(null, { status: 400 }),
    websocket: { message: (socket: EchoSocket, message: Uint8Array) => socket.send(message) },
  }).port;
}

async function listenNode(): Promise<number> {
  const { WebSocketServer } = await import("ws");
  const server = certificate === undefined ? http.createServer() : https.createServer(certificate);
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  sockets.on("connection", (socket: NodeSocket) => {
    socket.on("message", (message) => socket.send(message));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function listen(kind: string): Promise<number> {
  if (kind === "raw") return await listenRaw();
  if (kind === "raw with data") return await listenRaw(dataOf);
  if (kind === "mounted") {
    const mounted = handler(Counter, { limits }, counter);
    return listenDeno(async (request) => await mounted.fetch(request));
  }
  const tls = certificate ?? "plain";
  return (await serve(Counter, { port: 0, hostname: "127.0.0.1", tls, limits }, counter)).port;
}

const { gc } = globalThis as { gc?: () => void };
async function collect(): Promise<void> {
  for (let i = 0; i < 4; i++) {
    if (bun === undefined) gc?.();
    else bun.gc(true);
    await sleep(100);
  }
}

console.log(`listening ${await listen(process.argv[2] ?? "")}`);
for await (const line of createInterface({ input: process.stdin })) {
  if (line === "cpu") {
    const { user, system } = process.cpuUsage();
    console.log(user + system);
    continue;
  }
  await collect();
  const { rss, heapUsed, external } = process.memoryUsage();
  console.log(JSON.stringify({ rss, heapUsed, external }));
}
process.exit(0);
