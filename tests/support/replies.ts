/**
 * {@linkcode writeReply} and {@linkcode writeFailed}: a client's answers to calls of its server. The module's own
 * client writes them in `client/answers.ts`, without code that a page has not loaded.
 *
 * @module
 */
import type { Codec } from "../../codec/archive.ts";
import type { Schema } from "../../codec/schema.ts";
import type { Writer } from "../../codec/writer.ts";
import { writeBrief } from "../../wire/client_message_writer.ts";
import { RPC_HANDLER_ERRORS, type RpcHandlerErrorCode } from "../../wire/errors.ts";
import { CLIENT_FAILED, CLIENT_MESSAGE_BYTES, CLIENT_REPLY } from "../../wire/layout.ts";
import { writeCarrier } from "../../wire/place.ts";

/** Write the answer to a call by the server: `0` tag 5, `1` id, `4` pointer and `8` length of the archived output. */
export function writeReply<T>(
  codec: Codec,
  writer: Writer,
  id: number,
  output: Schema<T>,
  value: T,
): void {
  writeCarrier(codec, writer, CLIENT_MESSAGE_BYTES, CLIENT_REPLY, id, output, value);
}

/** Write that a call by the server failed: `0` tag 6, `1` id, `2` index of the code. */
export function writeFailed(writer: Writer, id: number, code: RpcHandlerErrorCode): void {
  writeBrief(writer, CLIENT_FAILED, id, RPC_HANDLER_ERRORS.indexOf(code));
}
