/**
 * {@linkcode measureIdle}: what idle connections cost a server in memory.
 *
 * @module
 */
import type { Buffer } from "node:buffer";
import type net from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Counter } from "../examples/counter/service.ts";
import { callFrame, HANDSHAKES, openMany, openPlain } from "./plain_sockets.ts";
import { type Memory, WatchedServer } from "./watched_server.ts";

/** Warm-up connections before a server's memory is first read, so that its code is compiled. */
const WARM_UP = 1000;

/** Bytes a connection. */
export interface Cost {
  /** After all are open. */
  readonly opened: Memory;
  /** After a call on each. */
  readonly called: Memory;
}

/** The connections. */
export interface Idle {
  readonly connections: number;
  /** With TLS. */
  readonly secure: boolean;
  /** The subprotocols that each offers. */
  readonly protocols: string;
}

/** One message there and one back on each. */
async function callAll(sockets: readonly net.Socket[], frame: Buffer): Promise<void> {
  for (let at = 0; at < sockets.length; at += HANDSHAKES) {
    await Promise.all(
      sockets.slice(at, at + HANDSHAKES).map((socket) => {
        const answered = new Promise((resolve) => socket.once("data", resolve));
        socket.write(frame);
        return answered;
      }),
    );
  }
}

async function closeAll(sockets: readonly net.Socket[]): Promise<void> {
  for (const socket of sockets) socket.destroy();
  await sleep(500);
}

/** Start a kind of server, open the connections, and call once on each. */
export async function measureIdle(
  command: readonly string[],
  kind: string,
  { connections, secure, protocols }: Idle,
): Promise<Cost> {
  using server = await WatchedServer.start(command, kind, secure);
  const frame = callFrame(Counter, "get", {});
  const open = (): Promise<net.Socket> => openPlain(server.port, secure, () => {}, protocols);
  const warm = await openMany(WARM_UP, open);
  await callAll(warm, frame);
  await closeAll(warm);
  const before = await server.memory();
  const sockets = await openMany(connections, open);
  const each = async (): Promise<Memory> => {
    const { rss, heapUsed, external } = await server.memory();
    return {
      rss: (rss - before.rss) / connections,
      heapUsed: (heapUsed - before.heapUsed) / connections,
      external: (external - before.external) / connections,
    };
  };
  const opened = await each();
  await callAll(sockets, frame);
  const called = await each();
  await closeAll(sockets);
  return { opened, called };
}
