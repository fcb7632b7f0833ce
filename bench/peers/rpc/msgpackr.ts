/**
 * What one writes by hand: an id and the arguments in MessagePack, a table of who waits.
 *
 * @module
 */
import { load } from "./load.ts";
import { listenNative, openNative } from "./native.ts";
import type { RpcPeer } from "./types.ts";

/** `msgpackr` over the runtime's own sockets. */
export const peer: RpcPeer = {
  async serve() {
    const { Packr } = await load("msgpackr");
    const packr = new Packr({ useRecords: false });
    return await listenNative((message, send) => {
      const [id, , args] = packr.unpack(message);
      send(packr.pack([id, args.amount + 1]));
    });
  },
  async open(port) {
    const { Packr } = await load("msgpackr");
    const packr = new Packr({ useRecords: false });
    const socket = await openNative(port);
    const waiting = new Map<number, (value: number) => void>();
    let next = 0;
    socket.onmessage = ({ data }: { data: ArrayBuffer }) => {
      const [id, value] = packr.unpack(new Uint8Array(data));
      waiting.get(id)?.(value);
      waiting.delete(id);
    };
    return {
      add: (amount) =>
        new Promise((resolve) => {
          const id = next++;
          waiting.set(id, resolve);
          socket.send(packr.pack([id, "add", { amount }]));
        }),
      close: () => socket.close(),
    };
  },
};
