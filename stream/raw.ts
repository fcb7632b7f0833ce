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
export function checkRaw(
  { length }: Uint8Array,
  { maxMessageBytes, maxInflatedBytes }: FrameLimits,
): void {
  if (length > maxMessageBytes) throw tooBig("maxMessageBytes", maxMessageBytes);
  if (length > maxInflatedBytes) throw tooBig("maxInflatedBytes", maxInflatedBytes);
}

/** The bytes of a message as an array with a buffer of its own: the message's, which is taken from it, or a copy. */
export function ownBytes(message: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, length } = message;
  const { transfer } = buffer as Partial<ArrayBuffer>;
  // Node 20 has no `transfer`.
  return buffer.byteLength === length && transfer
    ? new Uint8Array(transfer.call(buffer))
    : new Uint8Array(message);
}
