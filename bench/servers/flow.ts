/**
 * The contenders of `streams.ts`: a service that streams, and the pump of a bare WebSocket.
 *
 * @module
 */
import { setImmediate as nextTurn } from "node:timers/promises";
import { bytes, rpc, service, stream, u32, u64 } from "../../mod.ts";

/** Items of bytes, down and up. */
export const Flow = service({
  name: "Flow",
  rpc: {
    /** A number of items of a number of bytes. */
    down: rpc({ items: u32, itemBytes: u32 }, stream(bytes)),
    /** Read items; answers their number. */
    up: rpc({ parts: stream(bytes) }, u32),
    /** Something else meanwhile. */
    get: rpc({}, u32),
    /** Resident memory of the server. */
    memory: rpc({}, u64),
  },
});

/** The source. */
export async function* itemsOf(items: number, itemBytes: number): AsyncGenerator<Uint8Array> {
  const item = new Uint8Array(itemBytes).fill(7);
  for (let i = 0; i < items; i++) yield item;
}

/** Bytes that may wait in a bare socket before its sender pauses. */
const BUFFERED_BYTES = 1_048_576;

/** Send items over a bare socket, each in its own message, as fast as the socket accepts them. */
export async function pump(
  items: number,
  itemBytes: number,
  send: (item: Uint8Array<ArrayBuffer>) => void,
  bufferedBytes: () => number,
): Promise<void> {
  const item = new Uint8Array(itemBytes).fill(7);
  for (let i = 0; i < items; i++) {
    send(item);
    while (bufferedBytes() > BUFFERED_BYTES) await nextTurn();
  }
}
