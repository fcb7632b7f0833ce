/**
 * Frames of a hostile client: calls of a server, many in one write.
 *
 * @module
 */
import { interpret } from "../../codec/archive.ts";
import { Buffer } from "node:buffer";
import { deflateRawSync } from "node:zlib";
import type { Schema } from "../../codec/mod.ts";
import { Writer } from "../../codec/writer.ts";
import { writeRequest } from "../../wire/client_message_writer.ts";
import { writeRawRequest } from "../support/raw_request.ts";

/** A binary frame, or one with another first byte. Its mask of zeros has no effect. */
export function frame(payload: Uint8Array, first = 0x82): Buffer {
  const { length } = payload;
  const short = length < 126 ? length : length < 65_536 ? 126 : 127;
  const head = Buffer.alloc(short === 126 ? 4 : short === 127 ? 10 : 2);
  head[0] = first;
  head[1] = 0x80 | short;
  if (short === 126) head.writeUInt16BE(length, 2);
  if (short === 127) head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, Buffer.alloc(4), payload]);
}

/** A message, deflated as well as can be. */
export function deflated(write: (writer: Writer) => void): Buffer {
  const writer = new Writer();
  write(writer);
  return deflateRawSync(writer.bytes.subarray(0, writer.position), { level: 9 });
}

/** A call. */
export function call(id: number, schema: Schema<unknown>, args: unknown): Buffer {
  return deflated((writer) => writeRequest(interpret, writer, id, schema, args));
}

/** A call whose archive is these bytes. */
export function rawCall(id: number, archive: Uint8Array): Buffer {
  return deflated((writer) => writeRawRequest(writer, id, archive));
}
