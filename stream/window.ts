/**
 * How far a source may be ahead of its reader.
 *
 * @module
 */

/** Bytes of items that a reader has room for when its stream begins. */
export const STREAM_WINDOW_BYTES = 262_144;

/** Bytes that an item costs besides its archive. */
export const ITEM_COST_BYTES = 64;
