/**
 * rpc-websockets: https://github.com/elpheria/rpc-websockets, "Quick start".
 *
 * @module
 */
import { load } from "./load.ts";
import { HOST, type RpcPeer } from "./types.ts";

/** Its server and client, which are on `ws`. */
export const peer: RpcPeer = {
  async serve() {
    const { Server } = await load("rpc-websockets");
    const server = new Server({ port: 0, host: HOST });
    server.register("add", ({ a, b }: { a: number; b: number }) => a + b);
    await new Promise((resolve) => server.on("listening", resolve));
    return server.wss.address().port;
  },
  async open(port) {
    const { Client } = await load("rpc-websockets");
    const client = new Client(`ws://${HOST}:${port}`, {
      perMessageDeflate: false,
    });
    await new Promise((resolve) => client.on("open", resolve));
    return {
      add: (a, b) => client.call("add", { a, b }),
      close: () => client.close(),
    };
  },
};
