/**
 * How far a source may be ahead of its reader.
 *
 * @module
 */
import type { ProtocolError } from "../wire/errors.ts";
import { protocolError } from "../wire/faults.ts";

/** Bytes of items that a reader has room for when its stream begins. */
export const STREAM_WINDOW_BYTES = 262_144;

/** Bytes that an item costs besides its archive. */
export const ITEM_COST_BYTES = 64;

/** A peer did not keep to what there is room for. */
export function overCredit(what: string): ProtocolError {
  return protocolError("BadCredit", what);
}
