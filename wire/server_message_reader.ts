/**
 * What a server says, as clients read it: by a table of handlers, one a kind.
 *
 * Rust: `wire.rs`, `ServerMessage`.
 *
 * @module
 */
import type { Reader } from "../codec/reader.ts";
import { RPC_HANDLER_ERRORS, type RpcHandlerErrorCode } from "./errors.ts";
import { MESSAGE_ALIGN, SERVER_MESSAGE_BYTES, STATE_UPDATE_BYTES } from "./layout.ts";
import { claimBytes } from "./place.ts";

/** What is done with each kind of message. All positions are in the reader's bytes. */
export interface ServerMessageHandlers {
  /** An answer: either an error, or an archived output at `[start, end)`. */
  onResponse(
    id: number,
    error: RpcHandlerErrorCode | undefined,
    start: number,
    end: number,
  ): void;
  /** An event: the topic's bytes, whether they are text, and the archived payload. */
  onEvent(topicStart: number, topicEnd: number, isText: boolean, start: number, end: number): void;
  /** `count` changes of the state, to be read by {@linkcode forEachUpdate}. */
  onStateChange(updates: number, count: number): void;
}

/**
 * Read the server's message in `[start, end)` of the reader's bytes, with the checks of rkyv's
 * validator, and hand it on.
 *
 * @throws {CodecError} If they are no such message; then no handler is called.
 */
export function readServerMessage(
  reader: Reader,
  start: number,
  end: number,
  handlers: ServerMessageHandlers,
): void {
  reader.open(start, end);
  const at = reader.root(SERVER_MESSAGE_BYTES, MESSAGE_ALIGN);
  const read = READERS[reader.bytes[at]!] ?? reader.fail("InvalidTag", at, "a ServerMessage");
  read(reader, at, handlers);
}

/** By tag. */
const READERS: readonly ((reader: Reader, at: number, handlers: ServerMessageHandlers) => void)[] =
  [readResponse, readEvent, readStateChange];

function readResponse(reader: Reader, at: number, handlers: ServerMessageHandlers): void {
  const { bytes } = reader;
  const id = bytes[at + 1]!;
  const tag = bytes[at + 4]!;
  if (tag === 0) {
    const start = claimBytes(reader, at + 8);
    return handlers.onResponse(id, undefined, start, reader.low);
  }
  if (tag !== 1) reader.fail("InvalidTag", at + 4, "Ok or Err");
  const error = RPC_HANDLER_ERRORS[bytes[at + 5]!] ??
    reader.fail("InvalidTag", at + 5, "an RpcHandlerError");
  handlers.onResponse(id, error, 0, 0);
}

function readEvent(reader: Reader, at: number, handlers: ServerMessageHandlers): void {
  const topicStart = claimBytes(reader, at + 4);
  const topicEnd = reader.low;
  const isText = reader.bytes[at + 12]!;
  if (isText > 1) reader.fail("Bool", at + 12, "0 or 1");
  const start = claimBytes(reader, at + 16);
  handlers.onEvent(topicStart, topicEnd, isText === 1, start, reader.low);
}

function readStateChange(reader: Reader, at: number, handlers: ServerMessageHandlers): void {
  const count = reader.u32(at + 8);
  const size = count * STATE_UPDATE_BYTES;
  const { high } = reader;
  const updates = reader.enter(at + 4, size, MESSAGE_ALIGN);
  for (let i = 0; i < count; i++) claimBytes(reader, updates + i * STATE_UPDATE_BYTES);
  reader.leave(updates, size, high);
  handlers.onStateChange(updates, count);
}

/** Visit the changes of a state that was read: the field's index, and where its archive is. */
export function forEachUpdate(
  reader: Reader,
  updates: number,
  count: number,
  visit: (index: number, start: number, end: number) => void,
): void {
  for (let at = updates; count-- > 0; at += STATE_UPDATE_BYTES) {
    const start = at + reader.i32(at);
    visit(reader.u32(at + 8), start, start + reader.u32(at + 4));
  }
}
