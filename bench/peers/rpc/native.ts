/**
 * WebSockets as each runtime serves and opens them itself; on Node, which has no server and in version
 * 20 no client of its own, `ws`. For the floor, and for peers whose documentation says to bring a socket.
 *
 * @module
 */
// deno-lint-ignore-file no-explicit-any
import { load } from "./load.ts";
import { HOST } from "./types.ts";

/** One connection, at the server. */
export interface NativeSocket {
  send(message: Uint8Array): void;
  /** Subscribe to published messages. */
  listen(): void;
  /** Publish to all subscribers, this connection included. */
  publish(message: Uint8Array): void;
}

/** Answers one message. */
export type Answer = (message: Uint8Array, socket: NativeSocket) => void;

/** The runtime that this is. */
export const RUNTIME: "deno" | "bun" | "node" = "Deno" in globalThis
  ? "deno"
  : "Bun" in globalThis
  ? "bun"
  : "node";

/** A `ws` server; without `deflate` at its defaults. On Bun `ws` is Bun's own. */
export async function listenWs(
  deflate = false,
): Promise<{ readonly server: any; readonly port: number }> {
  const { WebSocketServer } = await load("ws");
  const server = new WebSocketServer({ port: 0, host: HOST, perMessageDeflate: deflate });
  await new Promise((resolve) => server.on("listening", resolve));
  return { server, port: server.address().port };
}

/** Sockets that are looped over, where a runtime has no topics. */
function loopOver(
  sockets: Set<{ send(message: Uint8Array): void }>,
  socket: { send(message: Uint8Array): void },
): NativeSocket {
  return {
    send: (message) => socket.send(message),
    listen: () => void sockets.add(socket),
    publish(message) {
      for (const each of sockets) each.send(message);
    },
  };
}

/** Answer every message by the runtime's own server; it publishes by Bun's topics, or by a loop. */
export async function listenNative(answer: Answer): Promise<number> {
  if (RUNTIME === "bun") return listenNativeBun(answer);
  const listening = new Set<{ send(message: Uint8Array): void }>();
  if (RUNTIME === "deno") {
    return serveDeno((socket) => {
      socket.binaryType = "arraybuffer";
      const each = {
        send: (message: Uint8Array) => socket.send(message as Uint8Array<ArrayBuffer>),
      };
      const native = loopOver(listening, each);
      socket.onmessage = ({ data }) => answer(new Uint8Array(data), native);
      socket.onclose = () => void listening.delete(each);
    });
  }
  const { server, port } = await listenWs();
  server.on("connection", (socket: any) => answerBySocket(socket, answer, listening));
  return port;
}

/** Answer on a socket of `ws`. */
export function answerBySocket(
  socket: any,
  answer: Answer,
  listening: Set<{ send(message: Uint8Array): void }>,
): void {
  const native = loopOver(listening, socket);
  socket.on("message", (data: Uint8Array) => answer(data, native));
  socket.on("close", () => listening.delete(socket));
}

function listenNativeBun(answer: Answer): number {
  const { serve } = (globalThis as any).Bun;
  const server = serve({
    port: 0,
    hostname: HOST,
    fetch: (request: Request, self: any) =>
      self.upgrade(request, { data: {} }) ? undefined : new Response(null, { status: 400 }),
    websocket: {
      idleTimeout: 0,
      open(socket: any) {
        socket.data = {
          send: (message) => socket.send(message),
          listen: () => socket.subscribe("all"),
          publish: (message) => server.publish("all", message),
        } satisfies NativeSocket;
      },
      message: (socket: any, message: Uint8Array) => answer(message, socket.data),
    },
  });
  return server.port;
}

/** `Deno.serve`, with a function that gets each socket. */
export function serveDeno(accept: (socket: WebSocket) => void): number {
  const server = Deno.serve(
    { port: 0, hostname: HOST, onListen() {} },
    (request) => {
      const protocol = request.headers.get("sec-websocket-protocol");
      const { socket, response } = Deno.upgradeWebSocket(request, {
        idleTimeout: 0,
      });
      if (protocol !== null) {
        response.headers.set(
          "sec-websocket-protocol",
          protocol,
        );
      }
      accept(socket);
      return response;
    },
  );
  return server.addr.port;
}

/** `Bun.serve`, with its `websocket` handlers. */
export function serveBun(
  websocket: Readonly<Record<string, (...args: any[]) => unknown>>,
): number {
  const { serve } = (globalThis as unknown as {
    Bun: { serve(options: object): { port: number } };
  })
    .Bun;
  return serve({
    port: 0,
    hostname: HOST,
    fetch: (request: Request, server: { upgrade(request: Request): boolean }) =>
      server.upgrade(request) ? undefined : new Response(null, { status: 400 }),
    websocket: { idleTimeout: 0, perMessageDeflate: false, ...websocket },
  }).port;
}

/** The class that clients make sockets with. */
export async function webSocketClass(): Promise<any> {
  if (RUNTIME === "node") return (await load("ws")).WebSocket;
  return globalThis.WebSocket;
}

/** An open socket. */
export async function openNative(port: number): Promise<any> {
  if (RUNTIME === "node") return await openWs(port);
  return await opened(new WebSocket(`ws://${HOST}:${port}`));
}

/** An open socket of `ws`. */
export async function openWs(port: number, deflate = false): Promise<any> {
  const { WebSocket: Socket } = await load("ws");
  return await opened(
    new Socket(`ws://${HOST}:${port}`, { perMessageDeflate: deflate }),
  );
}

async function opened(socket: WebSocket): Promise<WebSocket> {
  socket.binaryType = "arraybuffer";
  await new Promise<void>((resolve, reject) => {
    socket.onopen = () => resolve();
    socket.onerror = () => reject(new Error(`Cannot connect to ${socket.url}`));
  });
  return socket;
}
