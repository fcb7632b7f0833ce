/**
 * Raw items, as they are received: bytes that are a WebSocket message of their own, so that nobody copies them.
 *
 * @module
 */
import type { FrameLimits } from "../wire/deflater.ts";
import { tooBig } from "../wire/faults.ts";

/**
 * Check the size of one that came.
 *
 * @throws {ProtocolError} If it is over a limit.
 */
export function checkRaw({ length }: Uint8Array, limits: FrameLimits): void {
  for (const limit of ["maxMessageBytes", "maxInflatedBytes"] as const) {
    if (length > limits[limit]) throw tooBig(limit, limits[limit]);
  }
}

/**
 * The bytes of a message as an array with a buffer of its own: the message's, or a copy. Not by `transfer`: on Bun its
 * bytes count twice towards the next run of the collector.
 */
export function ownBytes(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const buffer = message.buffer as ArrayBuffer;
  return new Uint8Array(buffer.byteLength === message.length ? buffer : message);
}
