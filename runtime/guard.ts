/**
 * Stands between a runtime's callbacks and a {@linkcode TransportListener}.
 *
 * @module
 */

import { CloseCode, tooBigReason } from "../wire/close.ts";
import type { CloseInfo, Transport, TransportListener } from "../wire/transport.ts";

/**
 * Keeps what the port promises whatever a runtime does: nothing over the limit is delivered, nothing
 * follows the end, the end is told once, and nothing is thrown (in Deno that would end the process).
 */
export abstract class GuardedTransport implements Transport {
  readonly #maxMessageBytes: number;
  #listener: TransportListener | undefined;
  #info: CloseInfo | undefined;

  /** Create for a socket of the runtime's. */
  constructor(maxMessageBytes: number) {
    this.#maxMessageBytes = maxMessageBytes;
  }

  abstract readonly bufferedAmount: number;
  abstract send(message: Uint8Array<ArrayBuffer>, stable?: boolean): void;
  abstract terminate(): void;
  /** Begin the close handshake. */
  protected abstract hangUp(code: number, reason: string): void;

  /** Whether the transport has ended. */
  get ended(): boolean {
    return this.#info !== undefined;
  }

  /** Ask the owner for its listener. */
  attach(open: () => TransportListener): void {
    try {
      const listener = open();
      // The owner may have ended the transport while it was given it.
      if (this.#info === undefined) this.#listener = listener;
      else listener.onClose(this.#info);
    } catch {
      this.fail(CloseCode.Internal, "Cannot open the connection");
    }
  }

  /** A binary message came. */
  receive(message: Uint8Array): void {
    if (this.#info !== undefined) return;
    if (message.length > this.#maxMessageBytes) {
      return this.fail(CloseCode.TooBig, tooBigReason(this.#maxMessageBytes));
    }
    try {
      this.#listener?.onMessage(message);
    } catch {
      this.fail(CloseCode.Internal, "The listener threw");
    }
  }

  close(code: number, reason: string): void {
    if (this.#info === undefined) this.hangUp(code, reason);
  }

  /** The runtime has ended it for a message over the limit. */
  endTooBig(): void {
    const reason = tooBigReason(this.#maxMessageBytes);
    this.end({ code: CloseCode.TooBig, reason, byUs: true });
  }

  /** End from this side. */
  protected fail(code: number, reason: string): void {
    if (this.#info !== undefined) return;
    this.end({ code, reason, byUs: true });
    this.hangUp(code, reason);
  }

  /** The transport has ended. */
  end(info: CloseInfo): void {
    if (this.#info !== undefined) return;
    this.#info = info;
    const listener = this.#listener;
    this.#listener = undefined;
    try {
      listener?.onClose(info);
    } catch {
      // There is nobody left to tell.
    }
  }
}
