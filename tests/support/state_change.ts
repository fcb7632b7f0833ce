/**
 * {@linkcode writeStateChange}: a state change, for scripted peers.
 *
 * @module
 */
import type { Writer } from "../../codec/writer.ts";
import { beginMessage } from "../../wire/place.ts";
import { finishStateChange } from "../../wire/server_message_writer.ts";

/** One changed field of the connection state. */
export interface StateUpdate {
  /** The field's place in the service's state. */
  readonly index: number;
  /** Its archived value. */
  readonly data: Uint8Array;
}

/** Write changed fields that are already archives. */
export function writeStateChange(writer: Writer, updates: readonly StateUpdate[]): void {
  beginMessage(writer);
  const places: number[] = [];
  for (const { index, data } of updates) {
    places.push(writer.position, data.length, index);
    writer.writeBytes(data);
  }
  finishStateChange(writer, places);
}
