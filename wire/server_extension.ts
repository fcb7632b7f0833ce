/**
 * A server's messages other than answers, events and state, under the extension `x1`: variants behind
 * `StateChange`, in a root of the same size.
 *
 * @module
 */
import { type Codec, writeArchive } from "../codec/archive.ts";
import type { Reader } from "../codec/reader.ts";
import type { Schema } from "../codec/schema.ts";
import type { Writer } from "../codec/writer.ts";
import {
  SERVER_CALL,
  SERVER_CANCEL,
  SERVER_GRANT,
  SERVER_ITEM,
  SERVER_MESSAGE_BYTES,
} from "./layout.ts";
import { beginMessage, setSlice, writeCarrier, writeRoot } from "./place.ts";
import { MAX_SHORT_BYTES, shorten } from "./short_message.ts";

/**
 * Write an item of a call's output: `0` tag 3, `1` id, `4` pointer and `8` length of the archived item.
 *
 * @param mayBeShort Whether the writer has room for the head of a short message, which a small item then is: without a
 * root that would be dropped again.
 * @returns Bytes of the archive.
 */
export function writeServerItem<T>(
  codec: Codec,
  writer: Writer,
  id: number,
  item: Schema<T>,
  value: T,
  mayBeShort = false,
): number {
  const start = beginMessage(writer);
  const length = writeArchive(codec, item, writer, value);
  if (mayBeShort && length <= MAX_SHORT_BYTES) shorten(writer, SERVER_ITEM, id, length, 0);
  else {
    const at = writeRoot(writer, SERVER_MESSAGE_BYTES, SERVER_ITEM, id);
    setSlice(writer, at + 4, start, length);
  }
  return length;
}

/** Write a grant for a call's argument: `0` tag 4, `1` id, `4` bytes and `8` those of a wider window, both `u32`. */
export function writeServerGrant(writer: Writer, id: number, bytes: number, more = 0): void {
  beginMessage(writer);
  const at = writeRoot(writer, SERVER_MESSAGE_BYTES, SERVER_GRANT, id);
  writer.view.setUint32(at + 4, bytes, true);
  writer.view.setUint32(at + 8, more, true);
}

/** Write a call of the client: `0` tag 5, `1` id, `4` pointer and `8` length of the archived call. */
export function writeServerCall<T>(
  codec: Codec,
  writer: Writer,
  id: number,
  call: Schema<T>,
  value: T,
): void {
  writeCarrier(codec, writer, SERVER_MESSAGE_BYTES, SERVER_CALL, id, call, value);
}

/** Write the cancel of a call to the client: `0` tag 6, `1` id. */
export function writeServerCancel(writer: Writer, id: number): void {
  beginMessage(writer);
  writeRoot(writer, SERVER_MESSAGE_BYTES, SERVER_CANCEL, id);
}

/** Something archived at `[start, end)` of the reader's bytes. */
export type OnCarrier = (id: number, start: number, end: number) => void;

/** The handlers of each kind of message, in the order of their tags. */
export type ServerExtensionHandlers = readonly [
  onItem: OnCarrier,
  onGrant: (id: number, bytes: number, more: number) => void,
  onCall: OnCarrier,
  onCancel: (id: number) => void,
];

/**
 * Read the rest of a message whose root is at `at`, and call its handler.
 *
 * @throws {CodecError} If it is no message of the extension; then no handler is called.
 */
export function readServerExtension(
  reader: Reader,
  kind: number,
  at: number,
  [onItem, onGrant, onCall, onCancel]: ServerExtensionHandlers,
): void {
  const id = reader.bytes[at + 1]!;
  if (kind === SERVER_GRANT) onGrant(id, reader.u32(at + 4), reader.u32(at + 8));
  else if (kind === SERVER_CANCEL) onCancel(id);
  else {
    const onCarrier = kind === SERVER_ITEM
      ? onItem
      : kind === SERVER_CALL
      ? onCall
      : reader.fail("InvalidTag", at);
    const start = reader.claimBytes(at + 4);
    onCarrier(id, start, reader.low);
  }
}
