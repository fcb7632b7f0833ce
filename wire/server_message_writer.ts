/**
 * A server's messages, as servers write them: answers, events and state changes.
 *
 * The payload is written first, at its final place, and then the root that points to it.
 *
 * Rust: `wire.rs`, `ServerMessage`.
 *
 * @module
 */
import { type Codec, writeArchive } from "../codec/archive.ts";
import type { Schema } from "../codec/schema.ts";
import type { Writer } from "../codec/writer.ts";
import { RPC_HANDLER_ERRORS, type RpcHandlerErrorCode } from "./errors.ts";
import {
  MESSAGE_ALIGN,
  NEW_EVENT,
  SERVER_MESSAGE_BYTES,
  STATE_CHANGE,
  STATE_UPDATE_BYTES,
} from "./layout.ts";
import { beginMessage, setSlice } from "./place.ts";
import { bytesOf, type Topic } from "./topic.ts";

const ERROR_INDEX: ReadonlyMap<RpcHandlerErrorCode, number> = new Map(
  RPC_HANDLER_ERRORS.map((code, index) => [code, index]),
);

function finishResponse(writer: Writer, id: number, start: number, length: number): void {
  const at = writer.reserve(SERVER_MESSAGE_BYTES, MESSAGE_ALIGN);
  writer.bytes[at + 1] = id;
  setSlice(writer, at + 8, start, length);
}

/**
 * Write the answer to a call.
 *
 * Root: `0` tag 0, `1` id, `4` tag 0 (Ok), `8` pointer and `12` length of the archived output.
 */
export function writeResponse<T>(
  codec: Codec,
  writer: Writer,
  id: number,
  output: Schema<T>,
  value: T,
): void {
  const start = beginMessage(writer);
  finishResponse(writer, id, start, writeArchive(codec, output, writer, value));
}

/** {@linkcode writeResponse} with an archived output. */
export function writeRawResponse(writer: Writer, id: number, output: Uint8Array): void {
  const start = beginMessage(writer);
  writer.writeBytes(output);
  finishResponse(writer, id, start, output.length);
}

/** Write a failed call: `0` tag 0, `1` id, `4` tag 1 (Err), `5` index of the code. */
export function writeErrorResponse(writer: Writer, id: number, code: RpcHandlerErrorCode): void {
  beginMessage(writer);
  const at = writer.reserve(SERVER_MESSAGE_BYTES, MESSAGE_ALIGN);
  writer.bytes[at + 1] = id;
  writer.bytes[at + 4] = 1;
  writer.bytes[at + 5] = ERROR_INDEX.get(code) ?? 0;
}

function finishEvent(
  writer: Writer,
  start: number,
  topicBytes: number,
  isString: boolean,
  payloadBytes: number,
): void {
  const at = writer.reserve(SERVER_MESSAGE_BYTES, MESSAGE_ALIGN);
  writer.bytes[at] = NEW_EVENT;
  setSlice(writer, at + 4, start, topicBytes);
  writer.bytes[at + 12] = isString ? 1 : 0;
  setSlice(writer, at + 16, start + topicBytes, payloadBytes);
}

/**
 * Write an event with an archived payload.
 *
 * Root: `0` tag 1, `4` pointer and `8` length of the topic's bytes, `12` whether it is text, `16`
 * pointer and `20` length of the payload.
 */
export function writeEvent(writer: Writer, topic: Topic, payload: Uint8Array): void {
  const start = beginMessage(writer);
  const name = bytesOf(topic);
  writer.writeBytes(name);
  writer.writeBytes(payload);
  finishEvent(writer, start, name.length, topic.isString, payload.length);
}

/** {@linkcode writeEvent} with a payload archived in place. */
export function writeEventOf<T>(
  codec: Codec,
  writer: Writer,
  topic: Topic,
  event: Schema<T>,
  value: T,
): void {
  const start = beginMessage(writer);
  const name = bytesOf(topic);
  writer.writeBytes(name);
  const length = writeArchive(codec, event, writer, value);
  finishEvent(writer, start, name.length, topic.isString, length);
}

/** Start of the payload of a writer's event, in the writer's bytes. */
export function eventStart(writer: Writer): number {
  const at = writer.position - SERVER_MESSAGE_BYTES + 16;
  return at + writer.view.getInt32(at, true);
}

/** The bytes of that payload. */
export function eventLength(writer: Writer): number {
  return writer.view.getUint32(writer.position - SERVER_MESSAGE_BYTES + 20, true);
}

/**
 * Write the rest of a message of changed fields, which were archived in place.
 *
 * Root: `0` tag 2, `4` pointer and `8` count of the updates; each update: `0` pointer and `4` length
 * of the data, `8` index.
 *
 * @param places Start and length of each field's archive, and the field's index.
 */
export function finishStateChange(writer: Writer, places: readonly number[]): void {
  const count = places.length / 3;
  const items = writer.reserve(count * STATE_UPDATE_BYTES, MESSAGE_ALIGN);
  for (let i = 0; i < count; i++) {
    const at = items + i * STATE_UPDATE_BYTES;
    setSlice(writer, at, places[3 * i]!, places[3 * i + 1]!);
    writer.view.setUint32(at + 8, places[3 * i + 2]!, true);
  }
  const at = writer.reserve(SERVER_MESSAGE_BYTES, MESSAGE_ALIGN);
  writer.bytes[at] = STATE_CHANGE;
  setSlice(writer, at + 4, items, count);
}
