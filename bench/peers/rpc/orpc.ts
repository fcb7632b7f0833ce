/**
 * oRPC: https://orpc.unnoq.com/docs/adapters/websocket.
 *
 * @module
 */
// deno-lint-ignore-file no-explicit-any
import { load } from "./load.ts";
import { listenWs, openNative, RUNTIME, serveBun, serveDeno } from "./native.ts";
import type { RpcPeer } from "./types.ts";

const CONTEXT = { context: {} };

/** The adapter of each runtime, and `RPCLink`. No schema is checked. */
export const peer: RpcPeer = {
  async serve() {
    const { os } = await load("@orpc/server");
    const router = {
      add: os.handler(({ input }: { input: { amount: number } }) => input.amount + 1),
    };
    if (RUNTIME === "bun") {
      const { RPCHandler } = await load("@orpc/server", "/bun-ws");
      const handler = new RPCHandler(router);
      return serveBun({
        message: (socket, message) => handler.message(socket, message, CONTEXT),
        close: (socket) => handler.close(socket),
      });
    }
    if (RUNTIME === "deno") {
      const { RPCHandler } = await load("@orpc/server", "/websocket");
      const handler = new RPCHandler(router);
      return serveDeno((socket) => handler.upgrade(socket, CONTEXT));
    }
    const { RPCHandler } = await load("@orpc/server", "/ws");
    const handler = new RPCHandler(router);
    const { server, port } = await listenWs();
    server.on("connection", (socket: any) => handler.upgrade(socket, CONTEXT));
    return port;
  },
  async open(port) {
    const { createORPCClient } = await load("@orpc/client");
    const { RPCLink } = await load("@orpc/client", "/websocket");
    const websocket = await openNative(port);
    const client = createORPCClient(new RPCLink({ websocket }));
    return {
      add: (amount) => client.add({ amount }),
      close: () => websocket.close(),
    };
  },
};
