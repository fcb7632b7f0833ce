/**
 * Shared by both directions of messages.
 *
 * @module
 */
import { type Codec, writeArchive } from "../codec/archive.ts";
import type { Schema } from "../codec/schema.ts";
import type { Writer } from "../codec/writer.ts";
import { MESSAGE_ALIGN } from "./layout.ts";

/** Begin a message at the writer's position, and return that. */
export function beginMessage(writer: Writer): number {
  return writer.base = writer.position;
}

/** Write a relative pointer to `target`, then a count, at a reserved position. */
export function setSlice(writer: Writer, at: number, target: number, count: number): void {
  writer.view.setInt32(at, target - at, true);
  writer.view.setUint32(at + 4, count, true);
}

/** Write the root of a message that has an id: all else in it is 0. Returns where it is. */
export function writeRoot(writer: Writer, rootBytes: number, tag: number, id: number): number {
  const at = writer.reserve(rootBytes, MESSAGE_ALIGN);
  writer.bytes[at] = tag;
  writer.bytes[at + 1] = id;
  return at;
}

/**
 * Write a message of an id and an archive: `0` tag, `1` id, `4` pointer and `8` length of the archive.
 *
 * @returns Bytes of the archive.
 */
export function writeCarrier<T>(
  codec: Codec,
  writer: Writer,
  rootBytes: number,
  tag: number,
  id: number,
  schema: Schema<T>,
  value: T,
): number {
  const start = beginMessage(writer);
  const length = writeArchive(codec, schema, writer, value);
  const at = writeRoot(writer, rootBytes, tag, id);
  setSlice(writer, at + 4, start, length);
  return length;
}
