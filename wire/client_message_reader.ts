/**
 * A client's messages, as a server reads them: those of `client_message_writer.ts`.
 *
 * @module
 */
import type { Reader } from "../codec/reader.ts";
import { RPC_HANDLER_ERRORS, type RpcHandlerErrorCode } from "./errors.ts";
import type { Extension } from "./handshake.ts";
import {
  CLIENT_CANCEL,
  CLIENT_END,
  CLIENT_FAILED,
  CLIENT_GRANT,
  CLIENT_ITEM,
  CLIENT_MESSAGE_BYTES,
  CLIENT_REPLY,
  MESSAGE_ALIGN,
  RAW,
  RPC_REQUEST,
  SHORT_HEADER_BYTES,
} from "./layout.ts";
import { restore } from "./short_message.ts";

/** A message from a client, as positions in the reader's bytes. One object serves all messages. */
export class ClientMessage {
  /** Its variant: a call, or one of the extension, which use the last three fields. */
  kind: number = RPC_REQUEST;
  /** The call's id. */
  id = 0;
  /** Start of the archived call, or of the archive in an `Item` or a `Reply`. */
  start = 0;
  /** Its end. */
  end = 0;
  /** The bytes of a `Grant`. */
  bytes = 0;
  /** Those of them by which the window is wider. */
  more = 0;
  /** Whether a `Raw` announces items. */
  isRaw = false;
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
    return readExtension(reader, at, kind, into);
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
  if (into.kind === RAW) {
    const { [start + 3]: isOn } = bytes;
    reader.reset(bytes);
    reader.open(start, end);
    if (end - start > SHORT_HEADER_BYTES || isOn! > 1) reader.fail("Bool", start + 2, "0 or 1");
    into.isRaw = isOn === 1;
    return;
  }
  into.end = restore(reader, bytes, start, end);
  into.start = reader.low;
  if (into.kind !== RPC_REQUEST && into.kind !== CLIENT_ITEM) {
    reader.fail("InvalidTag", into.start, "a ClientMessage that may be short");
  }
}

/** Read the rest of a message other than a call, whose root is at `at`. */
function readExtension(
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
    into.more = reader.u32(at + 8);
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
