/**
 * What races in `streams.ts`: a connection of ours, a bare WebSocket, and others.
 *
 * @module
 */
import { setTimeout as sleep } from "node:timers/promises";
import { connect } from "../client.ts";
import { webSocketClass } from "./peers/rpc/native.ts";
import { STREAM_PEERS } from "./peers/streams.ts";
import type { ServerProcess } from "./server_process.ts";
import { Flow, itemsOf, pump } from "./servers/flow.ts";

/** How many items, and how large each is. */
export interface Size {
  /** Its bytes, as tables have them. */
  readonly name: string;
  readonly items: number;
  readonly itemBytes: number;
}

/** One run of so many items. Returns the seconds that it took, if it did more than that. */
export type Run = (size: Size) => Promise<number | void>;

/** A contender's runs, and how it ends, if it has a connection for all of them. */
export interface Ways extends Readonly<Record<"down" | "up", Run>> {
  close?(): Promise<void>;
}

/** Fails unless all came. */
export function expectItems(read: number, { items }: Size): void {
  if (read !== items) throw new Error(`${read} items came of ${items}`);
}

/** Not all items of another library came, or none for so long that the last will not. */
export class ItemsLost extends Error {}

/** Longer than any run of others takes. */
const PATIENCE_MS = 60_000;

/** The same for others, which may lose some. */
async function expectTheirs(read: Promise<number>, { items }: Size): Promise<void> {
  const came = await Promise.race([read, sleep(PATIENCE_MS, undefined, { ref: false })]);
  if (came !== items) throw new ItemsLost(`${came ?? "not all"} items came of ${items}`);
}

/** A connection, kept, whose reader counts. */
export async function ours(
  { address }: ServerProcess,
  level: number,
): Promise<Ways> {
  const client = await connect(Flow, address.url, { level });
  return {
    close: () => client.close(),
    async down(size) {
      let read = 0;
      for await (const _ of client.rpc.down(size)) read++;
      expectItems(read, size);
    },
    async up(size) {
      const parts = itemsOf(size.items, size.itemBytes);
      expectItems(await client.rpc.up({ parts }, { timeoutMs: Infinity }), size);
    },
  };
}

/** A bare socket's reader counts in a callback. */
export async function raw({ address }: ServerProcess): Promise<Ways> {
  const Socket = await webSocketClass();
  const socketFor = (way: string, { items, itemBytes }: Size): WebSocket => {
    const socket = new Socket(`${address.url}/${way}/${items}/${itemBytes}`);
    socket.binaryType = "arraybuffer";
    return socket;
  };
  return {
    async down(size) {
      const socket = socketFor("down", size);
      let read = 0;
      await new Promise<void>((resolve) => {
        socket.onmessage = () => {
          if (++read === size.items) resolve();
        };
      });
      socket.close();
    },
    async up(size) {
      const socket = socketFor("up", size);
      await new Promise((resolve) => socket.onopen = resolve);
      const answered = new Promise((resolve) => socket.onmessage = resolve);
      const { items, itemBytes } = size;
      await pump(items, itemBytes, (item) => socket.send(item), () => socket.bufferedAmount);
      await answered;
      socket.close();
    },
  };
}

/** The connections of others, by name; a way is undefined where a library does not have it. */
export async function others(
  start: (kind: string) => Promise<ServerProcess>,
): Promise<
  (readonly [name: string, ways: { readonly down: Run; readonly up: Run | undefined }])[]
> {
  return await Promise.all(
    Object.entries(STREAM_PEERS).map(async ([name, peer]) => {
      const { address } = await start(name);
      const { down, up } = await peer.open(Number(new URL(address.url).port));
      return [name, {
        down: (size: Size) => expectTheirs(down(size), size),
        up: up && ((size: Size) => expectTheirs(up(size), size)),
      }] as const;
    }),
  );
}
