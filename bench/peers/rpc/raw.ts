/**
 * The floor: 32 bytes there and back. A flood counts messages in a callback and makes no promise.
 *
 * @module
 */
import { openBuiltIn, openOwn } from "../../raw_peers.ts";
import type { Peer } from "../../peer.ts";
import { listenNative, webSocketClass } from "./native.ts";
import { HOST, type RpcClient, type RpcPeer } from "./types.ts";

const serve = (): Promise<number> => listenNative((message, send) => send(message));

function clientOf(peer: Peer): RpcClient {
  return {
    async add(amount) {
      await peer.call();
      return amount + 1;
    },
    flood: (inFlight, durationMs) => peer.flood(inFlight, durationMs),
    close: () => peer.close(),
  };
}

const address = (port: number): { url: string; ca: string } => ({
  url: `ws://${HOST}:${port}`,
  ca: "",
});

/** The runtime's own client. */
export const builtIn: RpcPeer = {
  serve,
  open: async (port) => clientOf(await openBuiltIn(address(port), await webSocketClass())),
};

/** The client that hardlight dials with. */
export const own: RpcPeer = {
  serve,
  open: async (port) => clientOf(await openOwn(address(port))),
};
