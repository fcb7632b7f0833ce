/**
 * kkrpc: https://github.com/kunkunsh/kkrpc, "WebSocket": `RPCChannel` on `WebSocketServerIO` and
 * `WebSocketClientIO`. Its messages are superjson by default. Its server side takes a socket with `onmessage`: that
 * of `ws` on Node and Bun, Deno's own. Its client makes a global `WebSocket`, which Node 20 has from `ws` here.
 * Listeners are functions that clients hand over.
 *
 * @module
 */
import { load } from "./load.ts";
import { listenWs, RUNTIME, serveDeno, webSocketClass, type WsSocket } from "./native.ts";
import { type Api, EVENT, greet, HOST, type RpcPeer } from "./types.ts";

interface Kkrpc {
  readonly RPCChannel: new (io: unknown, options: { expose: object }) => { getAPI(): Api };
  readonly WebSocketServerIO: new (socket: WebSocket | WsSocket) => unknown;
  readonly WebSocketClientIO: new (options: { url: string }) => { destroy(): void };
}

async function library(): Promise<Kkrpc> {
  if (RUNTIME === "node") globalThis.WebSocket ??= await webSocketClass();
  return await load<Kkrpc>("kkrpc");
}

/** An object of functions, exposed. */
export const peer: RpcPeer = {
  async serve() {
    const { RPCChannel, WebSocketServerIO } = await library();
    const listening = new Set<(text: string) => void>();
    const expose = {
      add: (a: number, b: number) => Promise.resolve(a + b),
      echo: (octets: Uint8Array) => Promise.resolve(octets),
      say: (text: string) => Promise.resolve(text),
      hello: (text: string) => Promise.resolve(greet(text)),
      listen(onEvent: (text: string) => void) {
        listening.add(onEvent);
        return Promise.resolve(true);
      },
      emit() {
        for (const each of listening) each(EVENT);
        return Promise.resolve(true);
      },
    };
    const accept = (socket: WebSocket | WsSocket): void =>
      void new RPCChannel(new WebSocketServerIO(socket), { expose });
    if (RUNTIME === "deno") return serveDeno(accept);
    const { server, port } = await listenWs();
    server.on("connection", accept);
    return port;
  },
  async open(port) {
    const { RPCChannel, WebSocketClientIO } = await library();
    const io = new WebSocketClientIO({ url: `ws://${HOST}:${port}` });
    const api = new RPCChannel(io, { expose: {} }).getAPI();
    return {
      add: (a, b) => api.add(a, b),
      echo: (octets) => api.echo(octets),
      say: (text) => api.say(text),
      hello: (text) => api.hello(text),
      listen: (onEvent) => api.listen(() => onEvent()),
      emit: () => api.emit(),
      close: () => io.destroy(),
    };
  },
};
