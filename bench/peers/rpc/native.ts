/**
 * WebSockets as each runtime serves and opens them itself; on Node, which has no server and in version
 * 20 no client of its own, `ws`. For the floor, and for peers whose documentation says to bring a socket.
 *
 * @module
 */
// deno-lint-ignore-file no-explicit-any
import { load } from "./load.ts";
import { HOST } from "./types.ts";

/** Answers one message. */
export type Answer = (
  message: Uint8Array,
  send: (message: Uint8Array) => void,
) => void;

/** The runtime that this is. */
export const RUNTIME: "deno" | "bun" | "node" = "Deno" in globalThis
  ? "deno"
  : "Bun" in globalThis
  ? "bun"
  : "node";

/** A `ws` server. On Bun `ws` is Bun's own. */
export async function listenWs(): Promise<
  { readonly server: any; readonly port: number }
> {
  const { WebSocketServer } = await load("ws");
  const server = new WebSocketServer({
    port: 0,
    host: HOST,
    perMessageDeflate: false,
  });
  await new Promise((resolve) => server.on("listening", resolve));
  return { server, port: server.address().port };
}

/** Answer every message by the runtime's own server. */
export async function listenNative(answer: Answer): Promise<number> {
  if (RUNTIME === "bun") {
    return serveBun({
      message: (socket, message) => answer(message, (reply) => socket.send(reply)),
    });
  }
  if (RUNTIME === "deno") {
    return serveDeno((socket) => {
      socket.binaryType = "arraybuffer";
      const send = (reply: Uint8Array): void => socket.send(reply as Uint8Array<ArrayBuffer>);
      socket.onmessage = ({ data }) => answer(new Uint8Array(data), send);
    });
  }
  const { server, port } = await listenWs();
  server.on("connection", (socket: any) => {
    const send = (reply: Uint8Array): void => socket.send(reply);
    socket.on("message", (data: Uint8Array) => answer(data, send));
  });
  return port;
}

/** `Deno.serve`, with a function that is given each socket. */
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

/** `Bun.serve`, with what its `websocket` is to do. */
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
export async function openWs(port: number): Promise<any> {
  const { WebSocket: Socket } = await load("ws");
  return await opened(
    new Socket(`ws://${HOST}:${port}`, { perMessageDeflate: false }),
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
