/**
 * Several messages in one WebSocket message, between peers that have agreed on the extension `x1`: DEFLATE
 * says itself where a stream ends, and the next message follows.
 *
 * @module
 */
import type { Extension } from "./handshake.ts";

/** Bytes of a WebSocket message up to which it may be several messages. A larger one is a single message. */
export const MAX_BATCH_BYTES = 16_384;

/**
 * Bytes of the largest WebSocket message that is taken: `maxMessageBytes` bounds each message in it, and
 * several small ones may be more together.
 */
export function maxFrameBytes(maxMessageBytes: number, extension: Extension = 0): number {
  return extension === 0 ? maxMessageBytes : Math.max(maxMessageBytes, MAX_BATCH_BYTES);
}
