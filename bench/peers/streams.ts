/**
 * Streams of others, as their own documentation sets them up: a server that sends texts, and a client that
 * counts them.
 *
 * @module
 */
import { load } from "./rpc/load.ts";
import type { Capnweb } from "./rpc/capnweb.ts";
import type { Orpc, OrpcAdapter, OrpcClient, OrpcLink } from "./rpc/orpc.ts";
import type { Trpc, TrpcAdapter, TrpcClient, TrpcSubscription } from "./rpc/trpc.ts";
import {
  listenWs,
  openNative,
  openWs,
  RUNTIME,
  serveBun,
  serveDeno,
  webSocketClass,
  type Ws,
} from "./rpc/native.ts";

/** One of the others. */
export interface StreamPeer {
  /** Listen on a free port of this process; gives the port. */
  serve(itemBytes: number): Promise<number>;
  /** Connect, once; each call reads this many items and returns the number received. */
  open(port: number): Promise<(items: number) => Promise<number>>;
}

async function* texts(items: number, itemBytes: number): AsyncGenerator<string> {
  const text = "x".repeat(itemBytes);
  for (let i = 0; i < items; i++) yield text;
}

async function count(items: AsyncIterable<unknown>): Promise<number> {
  let read = 0;
  for await (const _ of items) read++;
  return read;
}

interface Texts {
  texts(items: number): Promise<ReadableStream<string>>;
}

/** A `ReadableStream` as the answer of a call: it knows acknowledgements and a window. */
const capnweb: StreamPeer = {
  async serve(itemBytes) {
    if (RUNTIME === "node") globalThis.WebSocket ??= await webSocketClass();
    const { newBunWebSocketRpcHandler, newWebSocketRpcSession, RpcTarget } = await load<
      Capnweb<Texts>
    >("capnweb");
    class Api extends RpcTarget {
      texts(items: number): ReadableStream<string> {
        const source = texts(items, itemBytes);
        return new ReadableStream({
          async pull(controller) {
            const { value, done } = await source.next();
            if (done) controller.close();
            else controller.enqueue(value);
          },
        });
      }
    }
    if (RUNTIME === "bun") return serveBun(newBunWebSocketRpcHandler(() => new Api()));
    if (RUNTIME === "deno") {
      return serveDeno((socket) =>
        socket.addEventListener("open", () => newWebSocketRpcSession(socket, new Api()))
      );
    }
    const { server, port } = await listenWs();
    server.on("connection", (socket) => newWebSocketRpcSession(socket, new Api()));
    return port;
  },
  async open(port) {
    const { newWebSocketRpcSession } = await load<Capnweb<Texts>>("capnweb");
    const api = newWebSocketRpcSession(
      RUNTIME === "bun" ? await openNative(port) : await openWs(port),
    );
    return async (items) => await count(await api.texts(items));
  },
};

/** An event iterator. */
const orpc: StreamPeer = {
  async serve(itemBytes) {
    const { os } = await load<Orpc>("@orpc/server");
    const router = {
      texts: os.handler(({ input }: { input: { items: number } }) => texts(input.items, itemBytes)),
    };
    if (RUNTIME === "bun") {
      const { RPCHandler } = await load<OrpcAdapter>("@orpc/server", "/bun-ws");
      const handler = new RPCHandler(router);
      return serveBun({
        message: (socket, message) => handler.message(socket, message, { context: {} }),
        close: (socket) => handler.close(socket),
      });
    }
    const { RPCHandler } = await load<OrpcAdapter>(
      "@orpc/server",
      RUNTIME === "deno" ? "/websocket" : "/ws",
    );
    const handler = new RPCHandler(router);
    if (RUNTIME === "deno") return serveDeno((socket) => handler.upgrade(socket, { context: {} }));
    const { server, port } = await listenWs();
    server.on("connection", (socket) => handler.upgrade(socket, { context: {} }));
    return port;
  },
  async open(port) {
    const { createORPCClient } = await load<OrpcClient>("@orpc/client");
    const { RPCLink } = await load<OrpcLink>("@orpc/client", "/websocket");
    const client = createORPCClient<{
      texts(input: { items: number }): Promise<AsyncIterable<string>>;
    }>(new RPCLink({ websocket: await openNative(port) }));
    return async (items) => await count(await client.texts({ items }));
  },
};

/** A subscription, over `wsLink`. */
const trpc: StreamPeer = {
  async serve(itemBytes) {
    const { initTRPC } = await load<Trpc>("@trpc/server");
    const { applyWSSHandler } = await load<TrpcAdapter>("@trpc/server", "/adapters/ws");
    const t = initTRPC.create();
    const router = t.router({
      texts: t.procedure.input((value: unknown) => value).subscription(
        ({ input }: { input: { items: number } }) => texts(input.items, itemBytes),
      ),
    });
    const { server, port } = await listenWs();
    applyWSSHandler({ wss: server, router });
    return port;
  },
  async open(port) {
    const { createTRPCClient, createWSClient, wsLink } = await load<TrpcClient>("@trpc/client");
    const WebSocket = RUNTIME === "bun" ? globalThis.WebSocket : (await load<Ws>("ws")).WebSocket;
    const ws = createWSClient({ url: `ws://127.0.0.1:${port}`, WebSocket });
    const client = createTRPCClient<{ texts: TrpcSubscription<{ items: number }> }>({
      links: [wsLink({ client: ws })],
    });
    return (items) =>
      new Promise((resolve, reject) => {
        let read = 0;
        client.texts.subscribe({ items }, {
          onData: () => void read++,
          onComplete: () => resolve(read),
          onError: reject,
        });
      });
  },
};

/** By name. */
export const STREAM_PEERS: Readonly<Record<string, StreamPeer>> = { capnweb, orpc, trpc };
