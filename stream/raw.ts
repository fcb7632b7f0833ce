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

/** The bytes of a message as an array with a buffer of its own: the message's, which is taken from it, or a copy. */
export function ownBytes(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const buffer = message.buffer as ArrayBuffer & Partial<Pick<ArrayBuffer, "transfer">>;
  const isWhole = buffer.byteLength === message.length;
  // Node 20 has no `transfer`.
  return new Uint8Array(isWhole && buffer.transfer ? buffer.transfer() : message);
}
