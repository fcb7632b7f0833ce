/**
 * A client's messages: calls. Written by clients, read by servers.
 *
 * Rust: `wire.rs`, `ClientMessage`.
 *
 * @module
 */
import type { Codec } from "../codec/archive.ts";
import type { Reader } from "../codec/reader.ts";
import type { Schema } from "../codec/schema.ts";
import type { Writer } from "../codec/writer.ts";
import { readClientExtension } from "./client_extension.ts";
import type { RpcHandlerErrorCode } from "./errors.ts";
import type { Extension } from "./handshake.ts";
import { CLIENT_ITEM, CLIENT_MESSAGE_BYTES, MESSAGE_ALIGN, RPC_REQUEST } from "./layout.ts";
import { writeCarrier } from "./place.ts";
import { restore } from "./short_message.ts";

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

/** A message from a client, as positions in the reader's bytes. One object serves all messages. */
export class ClientMessage {
  /** Its variant: a call, or one of `client_extension.ts`, which use the last three fields. */
  kind: number = RPC_REQUEST;
  /** The call's id. */
  id = 0;
  /** Start of the archived call, or of the archive in an `Item` or a `Reply`. */
  start = 0;
  /** Its end. */
  end = 0;
  /** The bytes of a `Grant`. */
  bytes = 0;
  /** Whether the stream of an `End` failed. */
  failed = false;
  /** The code of a `Failed`. */
  code: RpcHandlerErrorCode = "HandlerPanicked";
}

/**
 * Read the client's message in `[start, end)` of the reader's bytes, with the checks of rkyv's
 * validator.
 *
 * @param extension The negotiated extension: with 0 a client sends only calls.
 * @throws {CodecError} If the message is invalid.
 */
export function readClientMessage(
  reader: Reader,
  start: number,
  end: number,
  into: ClientMessage,
  extension: Extension = 0,
): void {
  reader.open(start, end);
  const at = reader.root(CLIENT_MESSAGE_BYTES, MESSAGE_ALIGN);
  const kind = reader.bytes[at]!;
  into.kind = kind;
  into.id = reader.bytes[at + 1]!;
  if (kind !== RPC_REQUEST) {
    if (extension === 0) reader.fail("InvalidTag", at, "a ClientMessage");
    return readClientExtension(reader, at, kind, into);
  }
  into.start = reader.claimBytes(at + 4);
  into.end = reader.low;
}

/**
 * Read the client's short message in `[start, end)` of some bytes; its archive is then in the reader's bytes.
 *
 * @throws {CodecError} If it is neither a call nor an item.
 */
export function readShortMessage(
  reader: Reader,
  bytes: Uint8Array,
  start: number,
  end: number,
  into: ClientMessage,
): void {
  into.kind = bytes[start]! >> 3;
  into.id = bytes[start + 1]!;
  into.end = restore(reader, bytes, start, end);
  into.start = reader.low;
  if (into.kind !== RPC_REQUEST && into.kind !== CLIENT_ITEM) {
    reader.fail("InvalidTag", into.start, "a ClientMessage that may be short");
  }
}
