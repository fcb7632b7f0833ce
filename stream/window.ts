/**
 * The credit of a stream: how far a source may be ahead of its reader.
 *
 * @module
 */
import type { ProtocolError } from "../wire/errors.ts";
import { protocolError } from "../wire/faults.ts";

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
/** Milliseconds after another message for which a connection counts as shared by streams and others. */
export const SHARED_MS = 1000;

/** A peer exceeded its credit. */
export function overCredit(what: string): ProtocolError {
  return protocolError("BadCredit", what);
}
