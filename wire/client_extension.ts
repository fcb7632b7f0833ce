/**
 * A client's messages other than calls, under the extension `x1`: variants behind `RPCRequest`, in a root of the
 * same size.
 *
 * @module
 */
import type { Codec } from "../codec/archive.ts";
import type { Reader } from "../codec/reader.ts";
import type { Schema } from "../codec/schema.ts";
import type { Writer } from "../codec/writer.ts";
import { RPC_HANDLER_ERRORS } from "./errors.ts";
import {
  CLIENT_CANCEL,
  CLIENT_END,
  CLIENT_FAILED,
  CLIENT_GRANT,
  CLIENT_ITEM,
  CLIENT_MESSAGE_BYTES,
  CLIENT_REPLY,
} from "./layout.ts";
import { beginMessage, writeCarrier, writeRoot } from "./place.ts";
import type { ClientMessage } from "./requests.ts";

/** Write a message that is only a root: `0` tag, `1` id, `2` a byte. */
export function writeBrief(writer: Writer, tag: number, id: number, byte = 0): void {
  beginMessage(writer);
  const at = writeRoot(writer, CLIENT_MESSAGE_BYTES, tag, id);
  writer.bytes[at + 2] = byte;
}

/** Write the cancel of a call: `0` tag 1, `1` id. */
export function writeClientCancel(writer: Writer, id: number): void {
  writeBrief(writer, CLIENT_CANCEL, id);
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

/** Write a grant for a call's output: `0` tag 4, `1` id, `4` bytes, a `u32`. */
export function writeClientGrant(writer: Writer, id: number, bytes: number): void {
  beginMessage(writer);
  const at = writeRoot(writer, CLIENT_MESSAGE_BYTES, CLIENT_GRANT, id);
  writer.view.setUint32(at + 4, bytes, true);
}

/**
 * Read the rest of a message other than a call, whose root is at `at`.
 *
 * @throws {CodecError} If it is no message of the extension.
 */
export function readClientExtension(
  reader: Reader,
  at: number,
  kind: number,
  into: ClientMessage,
): void {
  const { bytes } = reader;
  if (kind === CLIENT_ITEM || kind === CLIENT_REPLY) {
    into.start = reader.claimBytes(at + 4);
    into.end = reader.low;
  } else if (kind === CLIENT_GRANT) {
    into.bytes = reader.u32(at + 4);
  } else if (kind === CLIENT_END) {
    if (bytes[at + 2]! > 1) reader.fail("Bool", at + 2, "0 or 1");
    into.failed = bytes[at + 2] === 1;
  } else if (kind === CLIENT_FAILED) {
    into.code = RPC_HANDLER_ERRORS[bytes[at + 2]!] ??
      reader.fail("InvalidTag", at + 2, "an RpcHandlerError");
  } else if (kind !== CLIENT_CANCEL) {
    reader.fail("InvalidTag", at, "a ClientMessage");
  }
}
