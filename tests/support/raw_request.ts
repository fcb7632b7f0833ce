/**
 * {@linkcode writeRawRequest}: a request with any bytes.
 *
 * @module
 */
import type { Writer } from "../../codec/writer.ts";
import { CLIENT_MESSAGE_BYTES } from "../../wire/layout.ts";
import { setSlice } from "../../wire/place.ts";

/** `writeRequest()` with a call that is already an archive, or with other bytes. */
export function writeRawRequest(writer: Writer, id: number, call: Uint8Array): void {
  const start = writer.base = writer.position;
  writer.writeBytes(call);
  const at = writer.reserve(CLIENT_MESSAGE_BYTES, 4);
  writer.bytes[at + 1] = id;
  setSlice(writer, at + 4, start, call.length);
}
