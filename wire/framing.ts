/**
 * {@linkcode Framing}: the port through which a page's messages are framed.
 *
 * @module
 */
import type { Unframe } from "./receiver.ts";
import type { Transport } from "./transport.ts";

/** Where the messages of one connection go, in their order. */
export interface Outlet {
  /** Bytes of all messages so far, as they stand on the wire. */
  readonly sentBytes: number;
  /** Bytes that wait, before they are handed to the transport. */
  readonly waitingBytes: number;
  /** Send an archive, whose bytes are the outlet's from now on. */
  send(archive: Uint8Array<ArrayBuffer>): void;
  /** Drop what waits, and send nothing more. */
  close(): void;
}

/** How messages become what goes over a transport, and archives again. */
export interface Framing {
  /** Begin to send over a transport. `onError` is told of a message that cannot be framed. */
  open(transport: Transport, onError: (error: unknown) => void): Outlet;
  /** Take a message out of its frame. */
  readonly unframe: Unframe;
}
