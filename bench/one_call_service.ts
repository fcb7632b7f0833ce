/**
 * The service of `one_call.ts`.
 *
 * @module
 */
import { bytes, rpc, service, struct, u32 } from "../mod.ts";

/** Bytes of an event on the wire, raw and of hardlight. */
export const EVENT_BYTES = 57;

/** Its payload: around it are a stored block's header, the root and the topic. */
export const EVENT_PAYLOAD: Uint8Array<ArrayBuffer> = new Uint8Array(EVENT_BYTES - 5 - 24 - 4);

/** `ports` answers where the others are that are compared; `emit` sends an event to all connections. */
export const OneCall = service({
  rpc: {
    ports: rpc({}, struct({ raw: u32, packed: u32 })),
    add: rpc({ a: u32, b: u32 }, u32),
    emit: rpc(),
  },
  event: bytes,
});
