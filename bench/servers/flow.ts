/**
 * The contenders of `streams.ts`: a service that streams, and the pump of a bare WebSocket.
 *
 * @module
 */
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";

export { Flow, itemsOf } from "./flow_service.ts";

/** Read items, one in so many microseconds. Tells each. */
export async function readSlowly(
  items: AsyncIterable<unknown>,
  itemUs: number,
  onItem?: (read: number) => Promise<void> | undefined,
): Promise<number> {
  const start = performance.now();
  let read = 0;
  for await (const _ of items) {
    const early = start + ++read * itemUs / 1000 - performance.now();
    if (early > 2) await sleep(early);
    const told = onItem?.(read);
    if (told !== undefined) await told;
  }
  return read;
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
