/**
 * Short messages, between peers that have agreed on the extension `x1`: an id and a small archive, behind four bytes
 * in place of a stored block's header and of a root.
 *
 * | offset | bytes | field                                                                    |
 * | -----: | ----: | ------------------------------------------------------------------------ |
 * |      0 |     1 | 8 times the message's tag, and 7: a last block of a type DEFLATE has not |
 * |      1 |     1 | the id                                                                   |
 * |      2 |     1 | bytes of the archive that follow                                         |
 * |      3 |     1 | from a client: zero bytes behind them, which are not sent                |
 *
 * @module
 */
import type { Reader } from "../codec/reader.ts";
import type { Writer } from "../codec/writer.ts";
import { protocolError } from "./faults.ts";
import {
  CLIENT_ITEM,
  CLIENT_MESSAGE_BYTES,
  RPC_REQUEST,
  RPC_RESPONSE,
  SERVER_MESSAGE_BYTES,
  SHORT,
  SHORT_HEADER_BYTES,
} from "./layout.ts";

/** Bytes before a message in a writer: a stored block's header, or a mark and that of a short one. */
export const HEADER_ROOM_BYTES = 5;
/** Bytes of an archive up to which messages are shortened: those that are never compressed. */
export const MAX_SHORT_BYTES = 127;
const MAX_BYTE = 255;
/** Where the root of an answer is at most that may be shortened: behind its archive, and padding to 4. */
const MAX_ANSWER_ROOT = 133;
/** The same of a call: behind zero bytes as well. In figures, since a bundler keeps sums. */
const MAX_REQUEST_ROOT = 389;

/** Begin a message. */
export function beginRoom(writer: Writer): void {
  writer.bytes[0] = 0;
  writer.position = writer.base = HEADER_ROOM_BYTES;
}

/** Whether the message of a writer was shortened: then it begins at 1. */
export function isShort({ bytes }: Writer): boolean {
  return bytes[0] === SHORT;
}

/** Put the head of a short message before the writer's archive, and drop the bytes behind the archive. */
export function shorten(
  writer: Writer,
  tag: number,
  id: number,
  length: number,
  zeros: number,
): void {
  const { bytes } = writer;
  bytes[0] = SHORT;
  bytes[1] = tag << 3 | SHORT;
  bytes[2] = id;
  bytes[3] = length;
  bytes[4] = zeros;
  writer.position = HEADER_ROOM_BYTES + length;
}

/** Shorten the client's message in a writer that {@linkcode beginRoom} began, if it is a small call or item. */
export function shortenRequest(writer: Writer): void {
  const { bytes, position } = writer;
  const root = position - CLIENT_MESSAGE_BYTES;
  const tag = bytes[root]!;
  if ((tag !== RPC_REQUEST && tag !== CLIENT_ITEM) || root > MAX_REQUEST_ROOT) return;
  const whole = bytes[root + 8]! | bytes[root + 9]! << 8;
  let length = whole;
  while (length > 0 && bytes[HEADER_ROOM_BYTES + length - 1] === 0) length--;
  const zeros = Math.min(whole - length, MAX_BYTE);
  length = whole - zeros;
  if (length <= MAX_SHORT_BYTES) shorten(writer, tag, bytes[root + 1]!, length, zeros);
}

/** Shorten the answer in a writer that {@linkcode beginRoom} began, if it is small and no error. */
export function shortenAnswer(writer: Writer): void {
  const { bytes, position } = writer;
  const root = position - SERVER_MESSAGE_BYTES;
  if (bytes[root] !== RPC_RESPONSE || bytes[root + 4] !== 0 || root > MAX_ANSWER_ROOT) return;
  const length = bytes[root + 12]!;
  if (length <= MAX_SHORT_BYTES) shorten(writer, RPC_RESPONSE, bytes[root + 1]!, length, 0);
}

/**
 * Where the short message ends that begins at `from` of some bytes.
 *
 * @throws {ProtocolError} `BadMessage` if they are fewer.
 */
export function endOfShort(bytes: Uint8Array, from = 0): number {
  const end = from + SHORT_HEADER_BYTES + bytes[from + 2]!;
  // Of less than three bytes it is no number.
  if (end <= bytes.length) return end;
  throw protocolError("BadMessage", `a short message: ${bytes.length - from} bytes`);
}

/** An archive with its zero bytes. */
const whole = /* @__PURE__ */ new Uint8Array(510);

/**
 * Have a reader read the archive of the client's short message at `start` of some bytes.
 *
 * @param end Where the message ends.
 * @returns Where the archive ends in the reader's bytes, and begins at `low`.
 */
export function restore(reader: Reader, bytes: Uint8Array, start: number, end: number): number {
  const zeros = bytes[start + 3]!;
  const from = start + SHORT_HEADER_BYTES;
  if (zeros === 0) {
    reader.reset(bytes);
    reader.open(from, end);
    return end;
  }
  const length = end - from;
  for (let i = 0; i < length; i++) whole[i] = bytes[from + i]!;
  whole.fill(0, length, length + zeros);
  reader.reset(whole);
  reader.open(0, length + zeros);
  return length + zeros;
}
