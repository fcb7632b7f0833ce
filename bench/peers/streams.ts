/**
 * Streams of others, as their own documentation sets them up: texts from the server to a client that counts them, and
 * from the client to a server that does.
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

/** How many texts, and how long each is. */
export interface Texts {
  readonly items: number;
  readonly itemBytes: number;
}

/** A connection. Each answers how many texts came. */
export interface StreamClient {
  /** From the server. */
  down(size: Texts): Promise<number>;
  /** To the server; absent where a library has no way. */
  up?(size: Texts): Promise<number>;
}

/** One of the others. */
export interface StreamPeer {
  /** Listen on a free port of this process; gives the port. */
  serve(): Promise<number>;
  /** Connect, once. */
  open(port: number): Promise<StreamClient>;
}

async function* texts({ items, itemBytes }: Texts): AsyncGenerator<string> {
  const text = "x".repeat(itemBytes);
  for (let i = 0; i < items; i++) yield text;
}

/** The same, where a library takes nothing else. */
function streamOf(size: Texts): ReadableStream<string> {
  const source = texts(size);
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await source.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
}

async function count(items: AsyncIterable<unknown>): Promise<number> {
  let read = 0;
  for await (const _ of items) read++;
  return read;
}

interface CapnwebApi {
  texts(size: Texts): Promise<ReadableStream<string>>;
  count(items: ReadableStream<string>): Promise<number>;
}

/** It looks up the states of a socket in a global that Node 20 does not have. */
async function capnwebLibrary(): Promise<Capnweb<CapnwebApi>> {
  if (RUNTIME === "node") globalThis.WebSocket ??= await webSocketClass();
  return await load<Capnweb<CapnwebApi>>("capnweb");
}

/** A `ReadableStream` as the answer of a call, or as its argument: it knows acknowledgements and a window. */
const capnweb: StreamPeer = {
  async serve() {
    const { newBunWebSocketRpcHandler, newWebSocketRpcSession, RpcTarget } = await capnwebLibrary();
    class Api extends RpcTarget {
      texts(size: Texts): ReadableStream<string> {
        return streamOf(size);
      }
      count(items: ReadableStream<string>): Promise<number> {
        return count(items);
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
    const { newWebSocketRpcSession } = await capnwebLibrary();
    const api = newWebSocketRpcSession(
      RUNTIME === "bun" ? await openNative(port) : await openWs(port),
    );
    return {
      down: async (size) => await count(await api.texts(size)),
      up: async (size) => await api.count(streamOf(size)),
    };
  },
};

/** An event iterator as the output of a procedure, or as its whole input. */
const orpc: StreamPeer = {
  async serve() {
    const { os } = await load<Orpc>("@orpc/server");
    const router = {
      texts: os.handler(({ input }: { input: Texts }) => texts(input)),
      count: os.handler(({ input }: { input: AsyncIterable<string> }) => count(input)),
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
      texts(input: Texts): Promise<AsyncIterable<string>>;
      count(input: AsyncIterable<string>): Promise<number>;
    }>(new RPCLink({ websocket: await openNative(port) }));
    return {
      down: async (size) => await count(await client.texts(size)),
      up: (size) => client.count(texts(size)),
    };
  },
};

/** A subscription, over `wsLink`. Its input is one JSON value: nothing streams to the server there. */
const trpc: StreamPeer = {
  async serve() {
    const { initTRPC } = await load<Trpc>("@trpc/server");
    const { applyWSSHandler } = await load<TrpcAdapter>("@trpc/server", "/adapters/ws");
    const t = initTRPC.create();
    const router = t.router({
      texts: t.procedure.input((value: unknown) => value).subscription(
        ({ input }: { input: Texts }) => texts(input),
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
    const client = createTRPCClient<{ texts: TrpcSubscription<Texts> }>({
      links: [wsLink({ client: ws })],
    });
    return {
      down: (size) =>
        new Promise((resolve, reject) => {
          let read = 0;
          client.texts.subscribe(size, {
            onData: () => void read++,
            onComplete: () => resolve(read),
            onError: reject,
          });
        }),
    };
  },
};

/** By name. */
export const STREAM_PEERS: Readonly<Record<string, StreamPeer>> = { capnweb, orpc, trpc };
