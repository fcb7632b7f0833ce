/**
 * Cap'n Web: https://github.com/cloudflare/capnweb, "HTTP server on Node.js", "on Deno", "on Bun".
 *
 * A call is two consecutive messages of the client, and Deno's `WebSocket` leaves Nagle's algorithm on: it would
 * wait 44 ms for an acknowledgement. So its client uses `ws` there. Bytes are base64 in its JSON. Listeners are
 * functions that clients pass, of which the server keeps a `dup()`, as "Memory management" says.
 *
 * @module
 */
import { load } from "./load.ts";
import {
  listenWs,
  openNative,
  openWs,
  RUNTIME,
  serveBun,
  serveDeno,
  webSocketClass,
  type WsSocket,
} from "./native.ts";
import { type Api, EVENT, greet, type Greeting, type RpcPeer } from "./types.ts";

/** The part of Cap'n Web that is used. */
export interface Capnweb<Served = Api> {
  readonly RpcTarget: new () => object;
  newWebSocketRpcSession(socket: WebSocket | WsSocket, api?: object): Served;
  newBunWebSocketRpcHandler(api: () => object): Parameters<typeof serveBun>[0];
}

/** A function that a client has passed. */
interface Stub {
  (text: string): unknown;
  dup(): Stub;
}

/** It looks up the states of a socket in a global that Node 20 does not have. */
async function library(): Promise<Capnweb> {
  if (RUNTIME === "node") globalThis.WebSocket ??= await webSocketClass();
  return await load<Capnweb>("capnweb");
}

/** `newWebSocketRpcSession` on both sides, on Bun `newBunWebSocketRpcHandler`. */
export const peer: RpcPeer = {
  async serve() {
    const { newBunWebSocketRpcHandler, newWebSocketRpcSession, RpcTarget } = await library();
    const listening = new Set<Stub>();
    class Served extends RpcTarget {
      add(a: number, b: number): number {
        return a + b;
      }
      echo(octets: Uint8Array): Uint8Array {
        return octets;
      }
      say(text: string): string {
        return text;
      }
      hello(text: string): Greeting {
        return greet(text);
      }
      listen(onEvent: Stub): void {
        listening.add(onEvent.dup());
      }
      emit(): void {
        for (const each of listening) each(EVENT);
      }
    }
    if (RUNTIME === "bun") {
      return serveBun(newBunWebSocketRpcHandler(() => new Served()));
    }
    if (RUNTIME === "deno") {
      return serveDeno((socket) => {
        socket.addEventListener(
          "open",
          () => newWebSocketRpcSession(socket, new Served()),
        );
      });
    }
    const { server, port } = await listenWs();
    server.on("connection", (socket) => newWebSocketRpcSession(socket, new Served()));
    return port;
  },
  async open(port) {
    const { newWebSocketRpcSession } = await library();
    const socket = RUNTIME === "bun" ? await openNative(port) : await openWs(port);
    const api = newWebSocketRpcSession(socket);
    return {
      add: (a, b) => api.add(a, b),
      echo: (octets) => api.echo(octets),
      say: (text) => api.say(text),
      hello: (text) => api.hello(text),
      listen: (onEvent) => api.listen(() => onEvent()),
      emit: () => api.emit(),
      close: () => socket.close(),
    };
  },
};
