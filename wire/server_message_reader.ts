/**
 * A server's messages, as clients read them: by a table with one handler per kind.
 *
 * Rust: `wire.rs`, `ServerMessage`.
 *
 * @module
 */
import type { Reader } from "../codec/reader.ts";
import { RPC_HANDLER_ERRORS, type RpcHandlerErrorCode } from "./errors.ts";
import {
  MESSAGE_ALIGN,
  NEW_EVENT,
  RPC_RESPONSE,
  SERVER_MESSAGE_BYTES,
  STATE_CHANGE,
  STATE_UPDATE_BYTES,
} from "./layout.ts";
import { type Topic, topic } from "./topic.ts";

/** An answer: either an error, or an archived output at `[start, end)`. */
export type OnResponse = (
  id: number,
  error: RpcHandlerErrorCode | undefined,
  start: number,
  end: number,
) => void;

/** Reads the topic at a position. */
export type ReadTopic = (reader: Reader, at: number) => Topic;

/** An event: its topic, and the archived payload at `[start, end)`. */
export type OnEvent = (topic: Topic, start: number, end: number) => void;

/** Changes of the state, three numbers each: the field's index, and where its archive begins and ends. */
export type OnStateChange = (updates: readonly number[]) => void;

/** A message of an extension, whose root is at `at`: for `readServerExtension()`. Throws if it is none. */
export type OnExtension = (kind: number, at: number) => void;

/**
 * The handler of each kind of message, by tag. All positions are in the reader's bytes.
 */
export type ServerMessageHandlers = readonly [
  onResponse: OnResponse,
  onEvent: OnEvent,
  onStateChange: OnStateChange,
  onExtension: OnExtension,
];

/**
 * Read the server's message in `[start, end)` of the reader's bytes, with the checks of rkyv's
 * validator, and hand it on.
 *
 * @throws {CodecError} If the message is invalid; then no handler is called.
 */
export function readServerMessage(
  reader: Reader,
  start: number,
  end: number,
  [onResponse, onEvent, onStateChange, onExtension]: ServerMessageHandlers,
  readTopic: ReadTopic = topic.read,
): void {
  reader.open(start, end);
  const at = reader.root(SERVER_MESSAGE_BYTES, MESSAGE_ALIGN);
  const { bytes } = reader;
  const kind = bytes[at]!;
  if (kind === RPC_RESPONSE) {
    const tag = bytes[at + 4]!;
    const error = tag ? RPC_HANDLER_ERRORS[bytes[at + 5]!] : undefined;
    if (tag > (error ? 1 : 0)) {
      reader.fail("InvalidTag", at + (tag > 1 ? 4 : 5));
    }
    const output = tag ? 0 : reader.claimBytes(at + 8);
    onResponse(bytes[at + 1]!, error, output, reader.low);
  } else if (kind === NEW_EVENT) {
    onEvent(readTopic(reader, at + 4), reader.claimBytes(at + 16), reader.low);
  } else if (kind !== STATE_CHANGE) {
    onExtension(kind, at);
  } else {
    const size = reader.u32(at + 8) * STATE_UPDATE_BYTES;
    const first = reader.enter(at + 4, size, MESSAGE_ALIGN);
    const updates: number[] = [];
    // The last that is read of the message: nothing is claimed behind them.
    for (let update = first; update < first + size; update += STATE_UPDATE_BYTES) {
      updates.push(reader.u32(update + 8), reader.claimBytes(update), reader.low);
    }
    onStateChange(updates);
  }
}
