/**
 * {@linkcode WholeMessage}: says why a message too large to be several is refused.
 *
 * @module
 */
import { ProtocolError } from "../wire/errors.ts";
import { MAX_BATCH_BYTES } from "../wire/layout.ts";
import type { ArchiveListener } from "../wire/receiver.ts";

/** The listener for one message of a peer that may send several in one, if this one is too large for that. */
export class WholeMessage implements ArchiveListener {
  readonly #listener: ArchiveListener;

  /** Create for the listener of the connection. */
  constructor(listener: ArchiveListener) {
    this.#listener = listener;
  }

  onArchive(bytes: Uint8Array, start: number, end: number, isShort: boolean): void {
    this.#listener.onArchive(bytes, start, end, isShort);
  }

  onProtocolError(error: ProtocolError): void {
    const { code, closeCode, message } = error;
    const limit = `: several in one have at most ${MAX_BATCH_BYTES} bytes`;
    this.#listener.onProtocolError(
      code === "BadDeflate"
        ? new ProtocolError(code, closeCode, message + limit, { cause: error.cause })
        : error,
    );
  }
}
