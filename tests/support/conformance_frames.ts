/**
 * Frames (RFC 6455) and messages of a wanted length, right and wrong, for the conformance tables.
 *
 * @module
 */
import { interpret } from "../../codec/archive.ts";
import { Buffer } from "node:buffer";
import { inflateRawSync } from "node:zlib";
import { bytes, u32 } from "../../codec/mod.ts";
import { Reader } from "../../codec/reader.ts";
import { Writer } from "../../codec/writer.ts";
import { rpc, service, Topic } from "../../mod.ts";
import type { FrameSource } from "../../runtime/websocket/frame_reader.ts";
import { ClientMessage, readClientMessage } from "../../wire/client_message_reader.ts";
import { writeRequest } from "../../wire/client_message_writer.ts";
import { writeEventOf, writeResponse } from "../../wire/server_message_writer.ts";
import { serverMessage } from "./server_message.ts";

/** The service of both sides of a table. */
export const Echo = service({
  rpc: { echo: rpc({ value: u32 }, u32), repeat: rpc({ octets: bytes }, bytes) },
  event: u32,
});

const ECHO = Echo.methods[0]!.call;
const MASK = [0x37, 0xfa, 0x21, 0x3d] as const;

/** Ways in which a frame can differ from its sender's default. */
export interface FrameChange {
  /** Write the length in 2 or 8 bytes. Default: in the shortest form. */
  readonly lengthBytes?: 2 | 8;
  /** The mask. Default: a client has one and a server has none. */
  readonly mask?: readonly number[] | undefined;
}

/** Makes frames of one side. `first` holds the final bit, the reserved bits and the opcode. */
export type FrameMaker = (first: number, payload?: Uint8Array, change?: FrameChange) => Buffer;

/** Frames as `side` sends them. */
export function framesOf(side: FrameSource): FrameMaker {
  const usual = side === "client" ? MASK : undefined;
  return (first, payload = new Uint8Array(0), change = {}) => {
    const { length } = payload;
    const lengthBytes = change.lengthBytes ?? (length < 126 ? 0 : length < 65_536 ? 2 : 8);
    const mask = "mask" in change ? change.mask : usual;
    const head = Buffer.alloc(2 + lengthBytes);
    head[0] = first;
    head[1] = (mask === undefined ? 0 : 0x80) |
      (lengthBytes === 0 ? length : lengthBytes === 2 ? 126 : 127);
    if (lengthBytes === 2) head.writeUInt16BE(length, 2);
    if (lengthBytes === 8) head.writeBigUInt64BE(BigInt(length), 2);
    if (mask === undefined) return Buffer.concat([head, payload]);
    const body = payload.map((byte, i) => byte ^ (mask[i & 3] ?? 0));
    return Buffer.concat([head, Buffer.from(mask), body]);
  };
}

/** A received frame. */
export interface ReadFrame {
  /** The whole first byte. */
  readonly first: number;
  /** Without its mask. */
  readonly payload: Buffer;
}

/** Cut the first frame off `bytes`; `undefined` while it is incomplete. */
export function cutFrame(bytes: Buffer): { frame: ReadFrame; rest: Buffer } | undefined {
  if (bytes.length < 2) return undefined;
  const masked = (bytes[1]! & 0x80) !== 0;
  const short = bytes[1]! & 0x7f;
  const start = 2 + (short < 126 ? 0 : short === 126 ? 2 : 8) + (masked ? 4 : 0);
  if (bytes.length < start) return undefined;
  const length = short < 126
    ? short
    : short === 126
    ? bytes.readUInt16BE(2)
    : Number(bytes.readBigUInt64BE(2));
  if (bytes.length < start + length) return undefined;
  const payload = Buffer.from(bytes.subarray(start, start + length));
  if (masked) { for (let i = 0; i < length; i++) payload[i]! ^= bytes[start - 4 + (i & 3)]!; }
  return { frame: { first: bytes[0]!, payload }, rest: bytes.subarray(start + length) };
}

const EMPTY_STORED = [0x00, 0x00, 0x00, 0xff, 0xff];
/** An empty block of the fixed codes, then an empty stored one. */
const EMPTY_FIXED = [0x02, 0x00, 0x00, 0x00, 0xff, 0xff];

/** A DEFLATE stream of exactly `length` bytes: empty blocks, then the archive that `write` makes. */
function streamOf(write: (writer: Writer) => void, length?: number): Uint8Array<ArrayBuffer> {
  const writer = new Writer();
  write(writer);
  const archive = writer.bytes.subarray(0, writer.position);
  const size = archive.length;
  const room = length === undefined ? 0 : length - size - 5;
  const fixed = room % 5;
  const stored = (room - 6 * fixed) / 5;
  if (stored < 0) throw new RangeError(`Cannot make a message of ${length} bytes`);
  const blocks = [
    ...Array.from({ length: fixed }, () => EMPTY_FIXED),
    ...Array.from({ length: stored }, () => EMPTY_STORED),
    [1, size & 255, size >> 8, ~size & 255, (~size >> 8) & 255],
    [...archive],
  ];
  return Uint8Array.from(blocks.flat());
}

/** A call of `echo`, of `length` bytes if that is given. */
export function callOf(id: number, value: number, length?: number): Uint8Array<ArrayBuffer> {
  return streamOf((writer) => writeRequest(interpret, writer, id, ECHO, { value }), length);
}

/** The answer to a call of `echo`. */
export function answerOf(id: number, value: number): Uint8Array<ArrayBuffer> {
  return streamOf((writer) => writeResponse(interpret, writer, id, u32, value));
}

/** An event, of `length` bytes if that is given. */
export function eventOf(value: number, length?: number): Uint8Array<ArrayBuffer> {
  return streamOf(
    (writer) => writeEventOf(interpret, writer, Topic.from("all"), u32, value),
    length,
  );
}

function opened(message: Uint8Array): { reader: Reader; length: number } {
  const bytes = new Uint8Array(inflateRawSync(message));
  const reader = new Reader();
  reader.reset(bytes);
  return { reader, length: bytes.length };
}

/** The id of the call that a message answers, `undefined` if it is no answer. */
export function answeredId(message: Uint8Array): number | undefined {
  const { reader, length } = opened(message);
  const into = serverMessage(reader, 0, length);
  return into.kind === 0 && into.ok ? into.id : undefined;
}

/** The id of a call. */
export function callId(message: Uint8Array): number {
  const { reader, length } = opened(message);
  const into = new ClientMessage();
  readClientMessage(reader, 0, length, into);
  return into.id;
}
