/**
 * A client's messages, as they are written: calls, and under the extension `x1` variants behind them, in a root of the
 * same size.
 *
 * Rust: `wire.rs`, `ClientMessage`.
 *
 * @module
 */
import type { Codec } from "../codec/archive.ts";
import type { Schema } from "../codec/schema.ts";
import type { Writer } from "../codec/writer.ts";
import {
  CLIENT_END,
  CLIENT_GRANT,
  CLIENT_ITEM,
  CLIENT_MESSAGE_BYTES,
  RPC_REQUEST,
} from "./layout.ts";
import { beginMessage, writeCarrier, writeRoot } from "./place.ts";

/**
 * Write a call.
 *
 * Root: `0` tag 0, `1` id, `4` pointer and `8` length of the archived call.
 */
export function writeRequest<T>(
  codec: Codec,
  writer: Writer,
  id: number,
  call: Schema<T>,
  value: T,
): void {
  writeCarrier(codec, writer, CLIENT_MESSAGE_BYTES, RPC_REQUEST, id, call, value);
}

/** Change the id of the request in a writer. */
export function setRequestId(writer: Writer, id: number): void {
  writer.bytes[writer.position - CLIENT_MESSAGE_BYTES + 1] = id;
}

/** Write a message that is only a root, such as the cancel of a call: `0` tag, `1` id, `2` a byte. */
export function writeBrief(writer: Writer, tag: number, id: number, byte = 0): void {
  beginMessage(writer);
  const at = writeRoot(writer, CLIENT_MESSAGE_BYTES, tag, id);
  writer.bytes[at + 2] = byte;
}

/**
 * Write an item of a call's argument: `0` tag 2, `1` id, `4` pointer and `8` length of the archived item.
 *
 * @returns Bytes of the archive.
 */
export function writeClientItem<T>(
  codec: Codec,
  writer: Writer,
  id: number,
  item: Schema<T>,
  value: T,
): number {
  return writeCarrier(codec, writer, CLIENT_MESSAGE_BYTES, CLIENT_ITEM, id, item, value);
}

/** Write the end of a call's argument: `0` tag 3, `1` id, `2` whether it failed. */
export function writeClientEnd(writer: Writer, id: number, failed: boolean): void {
  writeBrief(writer, CLIENT_END, id, failed ? 1 : 0);
}

/** Write a grant for a call's output: `0` tag 4, `1` id, `4` bytes and `8` those of a wider window, both `u32`. */
export function writeClientGrant(writer: Writer, id: number, bytes: number, more = 0): void {
  beginMessage(writer);
  const at = writeRoot(writer, CLIENT_MESSAGE_BYTES, CLIENT_GRANT, id);
  writer.view.setUint32(at + 4, bytes, true);
  writer.view.setUint32(at + 8, more, true);
}
