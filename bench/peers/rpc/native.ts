/**
 * WebSockets as each runtime serves and opens them itself; on Node, which has no server and in version
 * 20 no client of its own, `ws`. For the floor, and for peers whose documentation says to bring a socket.
 *
 * @module
 */
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

/** A connection of a `ws` server. */
export interface WsSocket {
  readonly bufferedAmount: number;
  send(message: Uint8Array): void;
  on(event: "message" | "close", listener: (data: Uint8Array) => void): void;
}

/** A `ws` server. */
export interface WsServer {
  on(event: "listening", listener: () => void): void;
  on(
    event: "connection",
    listener: (socket: WsSocket, request: { readonly url: string }) => void,
  ): void;
  address(): { readonly port: number };
}

/** The part of `ws` that is used. */
export interface Ws {
  readonly WebSocket: {
    new (url: string, options: { readonly perMessageDeflate: boolean }): WebSocket;
  } & typeof WebSocket;
  readonly WebSocketServer: new (options: object) => WsServer;
}

/** The part of Bun that is used. */
interface BunRuntime {
  serve(options: object): BunServer;
}

/** The part of Bun's server that is used. */
export interface BunServer {
  readonly port: number;
  publish(topic: string, message: string | Uint8Array): void;
  upgrade(request: Request, options?: object): boolean;
}

/** A connection of Bun's server. */
interface BunSocket {
  data: NativeSocket;
  send(message: Uint8Array): void;
  subscribe(topic: string): void;
}

/** `Bun.serve`. */
export function bunServe(options: object): BunServer {
  return (globalThis as unknown as { readonly Bun: BunRuntime }).Bun.serve({
    port: 0,
    hostname: HOST,
    ...options,
  });
}

/** The runtime that this is. */
export const RUNTIME: "deno" | "bun" | "node" = "Deno" in globalThis
  ? "deno"
  : "Bun" in globalThis
  ? "bun"
  : "node";

/** A `ws` server; without `deflate` at its defaults. On Bun `ws` is Bun's own. */
export async function listenWs(
  deflate = false,
): Promise<{ readonly server: WsServer; readonly port: number }> {
  const { WebSocketServer } = await load<Ws>("ws");
  const server = new WebSocketServer({ port: 0, host: HOST, perMessageDeflate: deflate });
  await new Promise<void>((resolve) => server.on("listening", resolve));
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
  server.on("connection", (socket) => answerBySocket(socket, answer, listening));
  return port;
}

/** Answer on a socket of `ws`. */
export function answerBySocket(
  socket: WsSocket,
  answer: Answer,
  listening: Set<{ send(message: Uint8Array): void }>,
): void {
  const native = loopOver(listening, socket);
  socket.on("message", (data: Uint8Array) => answer(data, native));
  socket.on("close", () => listening.delete(socket));
}

function listenNativeBun(answer: Answer): number {
  const server = bunServe({
    fetch: (request: Request, self: BunServer) =>
      self.upgrade(request, { data: {} }) ? undefined : new Response(null, { status: 400 }),
    websocket: {
      idleTimeout: 0,
      open(socket: BunSocket) {
        socket.data = {
          send: (message) => socket.send(message),
          listen: () => socket.subscribe("all"),
          publish: (message) => server.publish("all", message),
        } satisfies NativeSocket;
      },
      message: (socket: BunSocket, message: Uint8Array) => answer(message, socket.data),
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
  websocket: Readonly<Record<string, (...args: never[]) => unknown>>,
): number {
  return bunServe({
    fetch: (request: Request, server: BunServer) =>
      server.upgrade(request) ? undefined : new Response(null, { status: 400 }),
    websocket: { idleTimeout: 0, perMessageDeflate: false, ...websocket },
  }).port;
}

/** The class that clients make sockets with. */
export async function webSocketClass(): Promise<typeof WebSocket> {
  if (RUNTIME === "node") return (await load<Ws>("ws")).WebSocket;
  return globalThis.WebSocket;
}

/** An open socket. */
export async function openNative(port: number): Promise<WebSocket> {
  if (RUNTIME === "node") return await openWs(port);
  return await opened(new WebSocket(`ws://${HOST}:${port}`));
}

/** An open socket of `ws`. */
export async function openWs(port: number, deflate = false): Promise<WebSocket> {
  const { WebSocket: Socket } = await load<Ws>("ws");
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
