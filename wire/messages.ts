/**
 * The messages of both sides, written and read in place.
 *
 * Each message is one archive whose root is its last bytes. A payload is an archive of its own that
 * lies inside; it is written first, where it stays, and only then the root that points to it.
 *
 * Rust: `wire.rs`, `ClientMessage` and `ServerMessage`.
 *
 * @module
 */
import { type Codec, writeArchive } from "../codec/archive.ts";
import type { Reader } from "../codec/reader.ts";
import type { Schema } from "../codec/schema.ts";
import type { Writer } from "../codec/writer.ts";
import { RPC_HANDLER_ERRORS, type RpcHandlerErrorCode } from "./errors.ts";
import { Topic } from "./topic.ts";

/** Bytes of the root of a message from a client. */
export const CLIENT_MESSAGE_BYTES = 12;
/** Bytes of the root of a message from a server. */
export const SERVER_MESSAGE_BYTES = 24;
/** Bytes of one state update: pointer and length of the data, then the field's index. */
export const STATE_UPDATE_BYTES = 12;

const ALIGN = 4;
const RPC_REQUEST = 0;
/** `ServerMessage::RPCResponse`. */
export const RPC_RESPONSE = 0;
/** `ServerMessage::NewEvent`. */
export const NEW_EVENT = 1;
/** `ServerMessage::StateChange`. */
export const STATE_CHANGE = 2;

const ERROR_INDEX: ReadonlyMap<RpcHandlerErrorCode, number> = new Map(
  RPC_HANDLER_ERRORS.map((code, index) => [code, index]),
);

function begin(writer: Writer): number {
  return writer.base = writer.position;
}

function finishRequest(writer: Writer, id: number, start: number, length: number): void {
  const at = writer.reserve(CLIENT_MESSAGE_BYTES, ALIGN);
  writer.bytes[at + 1] = id;
  writer.setPointer(at + 4, start);
  writer.setU32(at + 8, length);
}

function finishResponse(writer: Writer, id: number, start: number, length: number): void {
  const at = writer.reserve(SERVER_MESSAGE_BYTES, ALIGN);
  writer.bytes[at + 1] = id;
  writer.setPointer(at + 8, start);
  writer.setU32(at + 12, length);
}

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
  const start = begin(writer);
  finishRequest(writer, id, start, writeArchive(codec, call, writer, value));
}

/** Give the request that a writer holds another id. */
export function setRequestId(writer: Writer, id: number): void {
  writer.bytes[writer.position - CLIENT_MESSAGE_BYTES + 1] = id;
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
  const start = begin(writer);
  finishResponse(writer, id, start, writeArchive(codec, output, writer, value));
}

/** {@linkcode writeResponse} with an output that is archived already. */
export function writeRawResponse(writer: Writer, id: number, output: Uint8Array): void {
  const start = begin(writer);
  writer.writeBytes(output);
  finishResponse(writer, id, start, output.length);
}

/** Write a failed call: `0` tag 0, `1` id, `4` tag 1 (Err), `5` index of the code. */
export function writeErrorResponse(writer: Writer, id: number, code: RpcHandlerErrorCode): void {
  begin(writer);
  const at = writer.reserve(SERVER_MESSAGE_BYTES, ALIGN);
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
  const at = writer.reserve(SERVER_MESSAGE_BYTES, ALIGN);
  writer.bytes[at] = NEW_EVENT;
  writer.setPointer(at + 4, start);
  writer.setU32(at + 8, topicBytes);
  writer.bytes[at + 12] = isString ? 1 : 0;
  writer.setPointer(at + 16, start + topicBytes);
  writer.setU32(at + 20, payloadBytes);
}

/**
 * Write an event whose payload is archived already.
 *
 * Root: `0` tag 1, `4` pointer and `8` length of the topic's bytes, `12` whether it is text, `16`
 * pointer and `20` length of the payload.
 */
export function writeEvent(writer: Writer, topic: Topic, payload: Uint8Array): void {
  const start = begin(writer);
  const name = Topic.bytesOf(topic);
  writer.writeBytes(name);
  writer.writeBytes(payload);
  finishEvent(writer, start, name.length, topic.isString, payload.length);
}

/** {@linkcode writeEvent} with a payload that is archived in place. */
export function writeEventOf<T>(
  codec: Codec,
  writer: Writer,
  topic: Topic,
  event: Schema<T>,
  value: T,
): void {
  const start = begin(writer);
  const name = Topic.bytesOf(topic);
  writer.writeBytes(name);
  const length = writeArchive(codec, event, writer, value);
  finishEvent(writer, start, name.length, topic.isString, length);
}

/** Where the payload of the event that a writer holds begins, in the writer's bytes. */
export function eventStart(writer: Writer): number {
  const at = writer.position - SERVER_MESSAGE_BYTES + 16;
  return at + writer.view.getInt32(at, true);
}

/** The bytes of that payload. */
export function eventLength(writer: Writer): number {
  return writer.view.getUint32(writer.position - SERVER_MESSAGE_BYTES + 20, true);
}

/** One changed field of the connection state. */
export interface StateUpdate {
  /** The field's place in the service's state. */
  readonly index: number;
  /** Its archived value. */
  readonly data: Uint8Array;
}

/**
 * Write changed fields.
 *
 * Root: `0` tag 2, `4` pointer and `8` count of the updates; each update: `0` pointer and `4` length
 * of the data, `8` index.
 */
export function writeStateChange(writer: Writer, updates: readonly StateUpdate[]): void {
  begin(writer);
  const places: number[] = [];
  for (const { index, data } of updates) {
    places.push(writer.position, data.length, index);
    writer.writeBytes(data);
  }
  finishStateChange(writer, places);
}

/**
 * Write the rest of a {@linkcode writeStateChange} whose fields are archived in place.
 *
 * @param places Of each field: where its archive begins, how long it is, and the field's index.
 */
export function finishStateChange(writer: Writer, places: readonly number[]): void {
  const count = places.length / 3;
  const items = writer.reserve(count * STATE_UPDATE_BYTES, ALIGN);
  for (let i = 0; i < count; i++) {
    const at = items + i * STATE_UPDATE_BYTES;
    writer.setPointer(at, places[3 * i]!);
    writer.setU32(at + 4, places[3 * i + 1]!);
    writer.setU32(at + 8, places[3 * i + 2]!);
  }
  const at = writer.reserve(SERVER_MESSAGE_BYTES, ALIGN);
  writer.bytes[at] = STATE_CHANGE;
  writer.setPointer(at + 4, items);
  writer.setU32(at + 8, count);
}

/** A message from a client, as places in the reader's bytes. One object serves all messages. */
export class ClientMessage {
  /** The call's id. */
  id = 0;
  /** Where the archived call begins. */
  start = 0;
  /** Where it ends. */
  end = 0;
}

/** A message from a server, as places in the reader's bytes. One object serves all messages. */
export class ServerMessage {
  /** Which message: {@linkcode RPC_RESPONSE}, {@linkcode NEW_EVENT} or {@linkcode STATE_CHANGE}. */
  kind = 0;
  /** Response: the call's id. */
  id = 0;
  /** Response: whether there is an output. */
  ok = false;
  /** Response without an output: the code. */
  errorCode: RpcHandlerErrorCode = "HandlerPanicked";
  /** Response, event: where the archived output or payload begins. */
  start = 0;
  /** Response, event: where it ends. */
  end = 0;
  /** Event: where the topic's bytes begin. */
  topicStart = 0;
  /** Event: where they end. */
  topicEnd = 0;
  /** Event: whether the topic is text. */
  topicIsString = false;
  /** State change: where the updates begin. */
  updates = 0;
  /** State change: how many there are. */
  count = 0;

  /** Event: the topic, with a copy of its bytes. */
  topic(reader: Reader): Topic {
    return Topic.fromWire(
      reader.bytes.subarray(this.topicStart, this.topicEnd),
      this.topicIsString,
    );
  }

  /** State change: the index of the field that update `i` is for. */
  updateIndex(reader: Reader, i: number): number {
    return reader.u32(this.updates + i * STATE_UPDATE_BYTES + 8);
  }

  /** State change: where the data of update `i` begins. */
  updateStart(reader: Reader, i: number): number {
    const at = this.updates + i * STATE_UPDATE_BYTES;
    return at + reader.i32(at);
  }

  /** State change: where the data of update `i` ends. */
  updateEnd(reader: Reader, i: number): number {
    return this.updateStart(reader, i) +
      reader.u32(this.updates + i * STATE_UPDATE_BYTES + 4);
  }
}

/** Claim a `Vec<u8>` and return where its bytes begin. */
function claimBytes(reader: Reader, at: number): number {
  const length = reader.u32(at + 4);
  const start = reader.claim(at, reader.i32(at), length, 1);
  reader.low = start + length;
  return start;
}

/**
 * Read the client's message in `[start, end)` of the reader's bytes, with the checks of rkyv's
 * validator.
 *
 * @throws {CodecError} If they are no such message.
 */
export function readClientMessage(
  reader: Reader,
  start: number,
  end: number,
  into: ClientMessage,
): void {
  reader.open(start, end);
  const at = reader.root(CLIENT_MESSAGE_BYTES, ALIGN);
  if (reader.bytes[at] !== RPC_REQUEST) reader.fail("InvalidTag", at, "a ClientMessage");
  into.id = reader.bytes[at + 1]!;
  into.start = claimBytes(reader, at + 4);
  into.end = reader.low;
}

/**
 * Read the server's message in `[start, end)` of the reader's bytes, with the checks of rkyv's
 * validator.
 *
 * @throws {CodecError} If they are no such message.
 */
export function readServerMessage(
  reader: Reader,
  start: number,
  end: number,
  into: ServerMessage,
): void {
  reader.open(start, end);
  const at = reader.root(SERVER_MESSAGE_BYTES, ALIGN);
  const kind = reader.bytes[at]!;
  into.kind = kind;
  if (kind === RPC_RESPONSE) readResponse(reader, at, into);
  else if (kind === NEW_EVENT) readEvent(reader, at, into);
  else if (kind === STATE_CHANGE) readStateChange(reader, at, into);
  else reader.fail("InvalidTag", at, "a ServerMessage");
}

function readResponse(reader: Reader, at: number, into: ServerMessage): void {
  into.id = reader.bytes[at + 1]!;
  const tag = reader.bytes[at + 4]!;
  if (tag === 0) {
    into.ok = true;
    into.start = claimBytes(reader, at + 8);
    into.end = reader.low;
    return;
  }
  if (tag !== 1) reader.fail("InvalidTag", at + 4, "Ok or Err");
  into.ok = false;
  into.errorCode = RPC_HANDLER_ERRORS[reader.bytes[at + 5]!] ??
    reader.fail("InvalidTag", at + 5, "an RpcHandlerError");
}

function readEvent(reader: Reader, at: number, into: ServerMessage): void {
  into.topicStart = claimBytes(reader, at + 4);
  into.topicEnd = reader.low;
  const isString = reader.bytes[at + 12]!;
  if (isString > 1) reader.fail("Bool", at + 12, "0 or 1");
  into.topicIsString = isString === 1;
  into.start = claimBytes(reader, at + 16);
  into.end = reader.low;
}

function readStateChange(reader: Reader, at: number, into: ServerMessage): void {
  const count = reader.u32(at + 8);
  const size = count * STATE_UPDATE_BYTES;
  const items = reader.claim(at + 4, reader.i32(at + 4), size, ALIGN);
  const high = reader.high;
  reader.high = items;
  for (let i = 0; i < count; i++) claimBytes(reader, items + i * STATE_UPDATE_BYTES);
  reader.high = high;
  reader.low = items + size;
  into.updates = items;
  into.count = count;
}
