/**
 * Bytes of a call on the wire: a proxy between client and server counts them.
 *
 * @module
 */
import { once } from "node:events";
import net from "node:net";
import type { AddressInfo } from "node:net";
import type { Contender } from "./rpc_contender.ts";
import { HOST } from "./rpc/types.ts";

const CALLS = 200;

/** Count the bytes of one call, both ways and above TCP. */
export async function countBytes(contender: Contender): Promise<void> {
  let up = 0;
  let down = 0;
  const sockets = new Set<net.Socket>();
  const proxy = net.createServer({ noDelay: true }, (near) => {
    const far = net.connect({ port: contender.port, host: HOST, noDelay: true });
    for (const [from, to] of [[near, far], [far, near]] as const) {
      sockets.add(from);
      from.on("data", (chunk: Uint8Array) => {
        if (from === near) up += chunk.length;
        else down += chunk.length;
        to.write(chunk);
      });
      from.on("error", () => {});
      from.on("close", () => to.destroy());
    }
  });
  proxy.listen(0, HOST);
  await once(proxy, "listening");
  try {
    await contender.callThrough((proxy.address() as AddressInfo).port, CALLS, () => up = down = 0);
    contender.bytesUp = Math.round(up / CALLS);
    contender.bytesDown = Math.round(down / CALLS);
  } finally {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  }
}
