/**
 * tRPC: https://trpc.io/docs/server/websockets. Its adapter is for `ws`. Events are a subscription, an async generator
 * over `on()` of an `EventEmitter`, as https://trpc.io/docs/server/subscriptions has it. No transformer, as by
 * default: bytes are base64, dates are texts.
 *
 * Its client waits for a timer before it sends, and so sends several consecutive messages, for which Deno's
 * `WebSocket` would wait 44 ms (see `capnweb.ts`): its client uses `ws` there.
 *
 * @module
 */
import { EventEmitter, on } from "node:events";
import { fromBase64, toBase64 } from "./json.ts";
import { load } from "./load.ts";
import { listenWs, RUNTIME, type Ws, type WsServer } from "./native.ts";
import { EVENT, greet, type Greeting, HOST, type RpcPeer } from "./types.ts";

/** The part of tRPC's server that is used. */
export interface Trpc {
  readonly initTRPC: { create(): Builder };
}

interface Builder {
  router(procedures: object): object;
  readonly procedure: Procedure;
}

interface Procedure {
  input(parse: (value: unknown) => unknown): Procedure;
  mutation(handle: (call: never) => unknown): unknown;
  query(handle: (call: never) => unknown): unknown;
  subscription(handle: (call: never) => AsyncIterable<unknown>): unknown;
}

/** Its adapter for `ws`. */
export interface TrpcAdapter {
  applyWSSHandler(options: { wss: WsServer; router: object }): void;
}

/** The part of its client that is used. */
export interface TrpcClient {
  createWSClient(options: { url: string; WebSocket: typeof WebSocket }): { close(): void };
  wsLink(options: { client: object }): unknown;
  createTRPCClient<Client>(options: { links: readonly unknown[] }): Client;
}

/** A subscription of its client. */
export interface TrpcSubscription<Input> {
  subscribe(input: Input, listeners: {
    onStarted?(): void;
    onData(): void;
    onComplete?(): void;
    onError(error: unknown): void;
  }): void;
}

interface Client {
  readonly add: { mutate(amounts: { a: number; b: number }): Promise<number> };
  readonly say: { mutate(text: string): Promise<string> };
  readonly hello: { query(text: string): Promise<Greeting> };
  readonly listen: TrpcSubscription<undefined>;
  readonly emit: { mutate(): Promise<unknown> };
}

/** `applyWSSHandler` and `wsLink`, without a transformer; the input's parser lets everything pass. */
export const peer: RpcPeer = {
  async serve() {
    const { initTRPC } = await load<Trpc>("@trpc/server");
    const { applyWSSHandler } = await load<TrpcAdapter>("@trpc/server", "/adapters/ws");
    const t = initTRPC.create();
    const anything = (value: unknown): unknown => value;
    const emitter = new EventEmitter().setMaxListeners(0);
    const router = t.router({
      add: t.procedure.input(anything).mutation(
        ({ input }: { input: { a: number; b: number } }) => input.a + input.b,
      ),
      say: t.procedure.input(anything).mutation(({ input }: { input: string }) => input),
      hello: t.procedure.input(anything).query(({ input }: { input: string }) => greet(input)),
      listen: t.procedure.subscription(async function* ({ signal }: { signal: AbortSignal }) {
        for await (const [text] of on(emitter, "event", { signal })) yield text;
      }),
      emit: t.procedure.mutation(() => void emitter.emit("event", EVENT)),
    });
    const { server, port } = await listenWs();
    applyWSSHandler({ wss: server, router });
    return port;
  },
  async open(port) {
    const { createTRPCClient, createWSClient, wsLink } = await load<TrpcClient>("@trpc/client");
    const WebSocket = RUNTIME === "bun" ? globalThis.WebSocket : (await load<Ws>("ws")).WebSocket;
    const ws = createWSClient({ url: `ws://${HOST}:${port}`, WebSocket });
    const client = createTRPCClient<Client>({ links: [wsLink({ client: ws })] });
    return {
      add: (a, b) => client.add.mutate({ a, b }),
      echo: async (octets) => fromBase64(await client.say.mutate(toBase64(octets))),
      say: (text) => client.say.mutate(text),
      hello: (text) => client.hello.query(text),
      listen: (onEvent) =>
        new Promise((resolve, reject) => {
          client.listen.subscribe(undefined, {
            onStarted: resolve,
            onData: onEvent,
            onError: reject,
          });
        }),
      emit: () => client.emit.mutate(),
      close: () => ws.close(),
    };
  },
};
