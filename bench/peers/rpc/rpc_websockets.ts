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
    server.register("add", ({ amount }: { amount: number }) => amount + 1);
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
      add: (amount) => client.call("add", { amount }),
      close: () => client.close(),
    };
  },
};
