/**
 * {@linkcode Framing}: the port through which a page's messages are framed.
 *
 * @module
 */
import type { Unframe } from "./receiver.ts";
import type { Transport } from "./transport.ts";

/** How the messages of a client become what goes over its transports, and archives again. */
export interface Framing {
  /** Bytes that wait to be framed. */
  readonly waitingBytes: number;
  /**
   * Send an archive, whose bytes are the framing's from now on, behind those before it.
   *
   * @param onSent Told how many bytes it has on the wire.
   * @param onError Told that it cannot be framed.
   */
  send(
    transport: Pick<Transport, "send">,
    archive: Uint8Array<ArrayBuffer>,
    onSent: (bytes: number) => void,
    onError: (error: unknown) => void,
  ): void;
  /** Take a message out of its frame. */
  readonly unframe: Unframe;
}
