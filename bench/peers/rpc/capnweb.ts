/**
 * Cap'n Web: https://github.com/cloudflare/capnweb, "HTTP server on Node.js", "on Deno", "on Bun".
 *
 * A call is two consecutive messages of the client, and Deno's `WebSocket` leaves Nagle's algorithm on: it would
 * wait 44 ms for an acknowledgement. So its client uses `ws` there. Bytes are base64 in its JSON. Listeners are
 * functions that clients pass, of which the server keeps a `dup()`, as "Memory management" says.
 *
 * @module
 */
// deno-lint-ignore-file no-explicit-any
import { load } from "./load.ts";
import { listenWs, openNative, openWs, RUNTIME, serveBun, serveDeno } from "./native.ts";
import { EVENT, greet, type Greeting, type RpcPeer } from "./types.ts";

/** It looks up the states of a socket in a global that Node 20 does not have. */
async function library(): Promise<any> {
  if (RUNTIME === "node") globalThis.WebSocket ??= (await load("ws")).WebSocket;
  return await load("capnweb");
}

/** `newWebSocketRpcSession` on both sides, on Bun `newBunWebSocketRpcHandler`. */
export const peer: RpcPeer = {
  async serve() {
    const { newBunWebSocketRpcHandler, newWebSocketRpcSession, RpcTarget } = await library();
    const listening = new Set<(text: string) => unknown>();
    class Api extends RpcTarget {
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
      listen(onEvent: any): void {
        listening.add(onEvent.dup());
      }
      emit(): void {
        for (const each of listening) each(EVENT);
      }
    }
    if (RUNTIME === "bun") {
      return serveBun(newBunWebSocketRpcHandler(() => new Api()));
    }
    if (RUNTIME === "deno") {
      return serveDeno((socket) => {
        socket.addEventListener(
          "open",
          () => newWebSocketRpcSession(socket, new Api()),
        );
      });
    }
    const { server, port } = await listenWs();
    server.on(
      "connection",
      (socket: any) => newWebSocketRpcSession(socket, new Api()),
    );
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
