/**
 * Batches: the messages of one turn of the event loop as one. A DEFLATE stream marks its own end, and the next message
 * follows directly.
 *
 * @module
 */
import type { Extension } from "./handshake.ts";

/** Largest batch, in bytes. A larger WebSocket message is a single message. */
export const MAX_BATCH_BYTES = 16_384;

/**
 * Bytes of the largest accepted WebSocket message: `maxMessageBytes` bounds each message in it, and a batch of
 * small ones may be larger.
 */
export function maxFrameBytes(maxMessageBytes: number, extension: Extension = 0): number {
  return extension === 0 ? maxMessageBytes : Math.max(maxMessageBytes, MAX_BATCH_BYTES);
}

/**
 * Runs something when nothing more is sent in this turn, as far as can be seen.
 *
 * @param sent How much has been sent so far, in any unit.
 */
export type AtTurnEnd = (sent: () => number, run: () => void) => void;

/**
 * Finds the end of a turn: the next microtask, unless stream items are sent, which come a few
 * microtasks after one another.
 */
export const turns: { atEnd: AtTurnEnd } = {
  atEnd: (_sent, run) => queueMicrotask(run),
};
