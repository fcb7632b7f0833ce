/**
 * What the two directions of messages share.
 *
 * @module
 */
import type { Reader } from "../codec/reader.ts";
import type { Writer } from "../codec/writer.ts";

/** Begin a message where a writer stands; returns where that is. */
export function beginMessage(writer: Writer): number {
  return writer.base = writer.position;
}

/** Claim a `Vec<u8>` and return where its bytes begin; they end at the reader's `low`. */
export function claimBytes(reader: Reader, at: number): number {
  return reader.claimBytes(at, reader.u32(at + 4));
}
