/**
 * tRPC: https://trpc.io/docs/server/websockets. Its adapter is for `ws`.
 *
 * Its client waits for a timer before it sends, and so sends several messages in a row, for which Deno's
 * `WebSocket` would wait 44 ms (see `capnweb.ts`): its client is on `ws` there.
 *
 * @module
 */
import { load } from "./load.ts";
import { listenWs, RUNTIME } from "./native.ts";
import { HOST, type RpcPeer } from "./types.ts";

/** `applyWSSHandler` and `wsLink`, without a transformer; the input's parser lets everything pass. */
export const peer: RpcPeer = {
  async serve() {
    const { initTRPC } = await load("@trpc/server");
    const { applyWSSHandler } = await load("@trpc/server", "/adapters/ws");
    const t = initTRPC.create();
    const router = t.router({
      add: t.procedure
        .input((value: unknown) => value)
        .mutation(({ input }: { input: { amount: number } }) => input.amount + 1),
    });
    const { server, port } = await listenWs();
    applyWSSHandler({ wss: server, router });
    return port;
  },
  async open(port) {
    const { createTRPCClient, createWSClient, wsLink } = await load(
      "@trpc/client",
    );
    const WebSocket = RUNTIME === "bun" ? globalThis.WebSocket : (await load("ws")).WebSocket;
    const ws = createWSClient({ url: `ws://${HOST}:${port}`, WebSocket });
    const client = createTRPCClient({ links: [wsLink({ client: ws })] });
    return {
      add: (amount) => client.add.mutate({ amount }),
      close: () => ws.close(),
    };
  },
};
