/**
 * The credit of a stream: how far a source may be ahead of its reader.
 *
 * What a page loads before it sends a stream imports nothing of this: a bundler would make a file of its own of it.
 *
 * @module
 */

/** Initial credit of a stream, in bytes. */
export const STREAM_WINDOW_BYTES = 262_144;

/** Credit that an item costs in addition to its archive, in bytes. */
export const ITEM_COST_BYTES = 64;

/** Items of streams may fill this part of `maxBufferedBytes`, 1 / this, so that other messages find room. */
export const SENT_PART = 16;
/** Bytes sent between two checks of the buffered bytes: a check is not free. */
export const CHECK_BYTES = 65_536;
/** Milliseconds between two checks while sources wait. */
export const RESUME_MS = 5;
