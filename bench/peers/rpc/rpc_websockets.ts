/**
 * rpc-websockets: https://github.com/elpheria/rpc-websockets, "Quick start".
 *
 * @module
 */
import { load } from "./load.ts";
import { HOST, type RpcPeer } from "./types.ts";

interface RpcServer {
  readonly wss: { address(): { readonly port: number } };
  register(method: string, handle: (args: { a: number; b: number }) => number): void;
  on(event: "listening", listener: () => void): void;
}

interface RpcClient {
  on(event: "open", listener: () => void): void;
  call(method: string, args: object): Promise<number>;
  close(): void;
}

interface RpcWebSockets {
  readonly Server: new (options: object) => RpcServer;
  readonly Client: new (url: string, options: object) => RpcClient;
}

/** Its server and client, which are on `ws`. */
export const peer: RpcPeer = {
  async serve() {
    const { Server } = await load<RpcWebSockets>("rpc-websockets");
    const server = new Server({ port: 0, host: HOST });
    server.register("add", ({ a, b }) => a + b);
    await new Promise<void>((resolve) => server.on("listening", resolve));
    return server.wss.address().port;
  },
  async open(port) {
    const { Client } = await load<RpcWebSockets>("rpc-websockets");
    const client = new Client(`ws://${HOST}:${port}`, {
      perMessageDeflate: false,
    });
    await new Promise<void>((resolve) => client.on("open", resolve));
    return {
      add: (a, b) => client.call("add", { a, b }),
      close: () => client.close(),
    };
  },
};
