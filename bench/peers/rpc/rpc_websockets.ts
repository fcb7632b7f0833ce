/**
 * rpc-websockets: https://github.com/elpheria/rpc-websockets, "Quick start" and "Events". Messages are JSON, so bytes
 * are base64.
 *
 * @module
 */
import { fromBase64, toBase64 } from "./json.ts";
import { load } from "./load.ts";
import { EVENT, greet, type Greeting, HOST, type RpcPeer } from "./types.ts";

interface RpcServer {
  readonly wss: { address(): { readonly port: number } };
  register(method: string, handle: (args: never) => unknown): void;
  event(name: string): void;
  emit(event: string, ...values: readonly string[]): void;
  on(event: "listening", listener: () => void): void;
}

interface RpcClient {
  on(event: string, listener: () => void): void;
  call<T>(method: string, args?: object): Promise<T>;
  subscribe(event: string): Promise<unknown>;
  close(): void;
}

interface RpcWebSockets {
  readonly Server: new (options: object) => RpcServer;
  readonly Client: new (url: string) => RpcClient;
}

/** Its server and client, which are on `ws`. */
export const peer: RpcPeer = {
  async serve() {
    const { Server } = await load<RpcWebSockets>("rpc-websockets");
    const server = new Server({ port: 0, host: HOST });
    server.register("add", ({ a, b }: { a: number; b: number }) => a + b);
    for (const same of ["echo", "say"]) {
      server.register(same, ({ text }: { text: string }) => text);
    }
    server.register("hello", ({ text }: { text: string }) => greet(text));
    server.event("event");
    server.register("emit", () => {
      server.emit("event", EVENT);
      return null;
    });
    await new Promise<void>((resolve) => server.on("listening", resolve));
    return server.wss.address().port;
  },
  async open(port) {
    const { Client } = await load<RpcWebSockets>("rpc-websockets");
    const client = new Client(`ws://${HOST}:${port}`);
    await new Promise<void>((resolve) => client.on("open", resolve));
    return {
      add: (a, b) => client.call("add", { a, b }),
      echo: async (octets) => fromBase64(await client.call("echo", { text: toBase64(octets) })),
      say: (text) => client.call("say", { text }),
      hello: (text) => client.call<Greeting>("hello", { text }),
      async listen(onEvent) {
        client.on("event", onEvent);
        await client.subscribe("event");
      },
      emit: () => client.call("emit"),
      close: () => client.close(),
    };
  },
};
