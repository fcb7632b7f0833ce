/**
 * oRPC: https://orpc.unnoq.com/docs/adapters/websocket. The adapter of each runtime, `RPCLink` on its `WebSocket`;
 * bytes are a `Blob`'s, for which it takes `File` and `Blob` but no `Uint8Array`: base64 here. Events are those of
 * its `EventPublisher`, https://orpc.unnoq.com/docs/event-iterator.
 *
 * @module
 */
import { fromBase64, toBase64 } from "./json.ts";
import { load } from "./load.ts";
import { listenWs, openNative, RUNTIME, serveBun, serveDeno, type WsSocket } from "./native.ts";
import { EVENT, greet, type Greeting, type RpcPeer } from "./types.ts";

/** The parts of oRPC that are used. */
export interface Orpc {
  readonly os: { handler(handle: (call: never) => unknown): unknown };
  readonly EventPublisher: new () => {
    publish(topic: string, text: string): void;
    subscribe(topic: string, options: { signal: AbortSignal }): AsyncIterable<string>;
  };
}

/** Its server's adapters: which methods there are is each runtime's. */
export interface OrpcAdapter {
  readonly RPCHandler: new (router: object) => {
    message(socket: unknown, message: unknown, context: object): unknown;
    close(socket: unknown): unknown;
    upgrade(socket: WebSocket | WsSocket, context: object): void;
  };
}

/** Its client. */
export interface OrpcClient {
  createORPCClient<Client>(link: unknown): Client;
}

/** The link of its client. */
export interface OrpcLink {
  readonly RPCLink: new (options: { websocket: WebSocket }) => unknown;
}

interface Client {
  add(amounts: { a: number; b: number }): Promise<number>;
  say(text: string): Promise<string>;
  hello(text: string): Promise<Greeting>;
  listen(): Promise<AsyncIterable<unknown>>;
  emit(): Promise<unknown>;
}

const CONTEXT = { context: {} };

/** The adapter of each runtime, and `RPCLink`. No schema is checked. */
export const peer: RpcPeer = {
  async serve() {
    const { EventPublisher, os } = await load<Orpc>("@orpc/server");
    const publisher = new EventPublisher();
    const router = {
      add: os.handler(({ input }: { input: { a: number; b: number } }) => input.a + input.b),
      say: os.handler(({ input }: { input: string }) => input),
      hello: os.handler(({ input }: { input: string }) => greet(input)),
      listen: os.handler(async function* ({ signal }: { signal: AbortSignal }) {
        yield* publisher.subscribe("all", { signal });
      }),
      emit: os.handler(() => publisher.publish("all", EVENT)),
    };
    if (RUNTIME === "bun") {
      const { RPCHandler } = await load<OrpcAdapter>("@orpc/server", "/bun-ws");
      const handler = new RPCHandler(router);
      return serveBun({
        message: (socket, message) => handler.message(socket, message, CONTEXT),
        close: (socket) => handler.close(socket),
      });
    }
    if (RUNTIME === "deno") {
      const { RPCHandler } = await load<OrpcAdapter>("@orpc/server", "/websocket");
      const handler = new RPCHandler(router);
      return serveDeno((socket) => handler.upgrade(socket, CONTEXT));
    }
    const { RPCHandler } = await load<OrpcAdapter>("@orpc/server", "/ws");
    const handler = new RPCHandler(router);
    const { server, port } = await listenWs();
    server.on("connection", (socket) => handler.upgrade(socket, CONTEXT));
    return port;
  },
  async open(port) {
    const { createORPCClient } = await load<OrpcClient>("@orpc/client");
    const { RPCLink } = await load<OrpcLink>("@orpc/client", "/websocket");
    const websocket = await openNative(port);
    const client = createORPCClient<Client>(new RPCLink({ websocket }));
    return {
      add: (a, b) => client.add({ a, b }),
      echo: async (octets) => fromBase64(await client.say(toBase64(octets))),
      say: (text) => client.say(text),
      hello: (text) => client.hello(text),
      async listen(onEvent) {
        const events = await client.listen();
        (async () => {
          for await (const _ of events) onEvent();
        })();
      },
      emit: () => client.emit(),
      close: () => websocket.close(),
    };
  },
};
