/**
 * A guard between a runtime's callbacks and a {@linkcode TransportListener}.
 *
 * @module
 */

import { maxFrameBytes } from "../wire/batch.ts";
import { CloseCode, tooBigReason } from "../wire/close.ts";
import type { Extension } from "../wire/handshake.ts";
import type { CloseInfo, Heard, Shared, Transport, TransportListener } from "../wire/transport.ts";
import { Gatherer, type Gathering } from "./gatherer.ts";

/**
 * Keeps the port's promises on every runtime: no message over the limit is delivered, none follows the end,
 * the end is reported once, and nothing is thrown (on Deno that would end the process).
 */
export abstract class GuardedTransport implements Transport, Gathering {
  readonly #maxMessageBytes: number;
  gatherer: Gatherer | undefined;
  #listener: TransportListener | undefined;
  #info: CloseInfo | undefined;
  /** Whether the runtime's socket is gone, or there is none. */
  #left = false;

  /** Whether its peer takes several messages in one. */
  protected readonly gathers: boolean;

  /** Create for a socket of the runtime's. */
  constructor(maxMessageBytes: number, extension: Extension = 0) {
    this.#maxMessageBytes = maxFrameBytes(maxMessageBytes, extension);
    this.gathers = extension > 0;
  }

  abstract readonly bufferedAmount: number;
  abstract send(message: Uint8Array<ArrayBuffer>, shared?: Shared): void;
  abstract terminate(): void;
  /** Pass one message to the runtime's socket. Its bytes may change after this returns. */
  protected abstract sendNow(message: Uint8Array<ArrayBuffer>): void;
  /** Begin the close handshake. */
  protected abstract hangUp(code: number, reason: string, discard?: boolean): void;

  /** Whether the transport has ended. */
  get ended(): boolean {
    return this.#info !== undefined;
  }

  /** Whether the owner takes the memory of large messages. */
  protected get takesMemory(): boolean {
    return this.#listener?.takesMemory === true;
  }

  /** Bytes gathered for the end of the turn. */
  protected get gatheredBytes(): number {
    return this.gatherer?.bytes ?? 0;
  }

  /** Send a message together with the others of this turn, if the peer accepts batches. */
  protected gather(message: Uint8Array<ArrayBuffer>): void {
    if (!this.gathers) return this.sendNow(message);
    Gatherer.of(this).send(message);
  }

  sendWhole(message: Uint8Array<ArrayBuffer>): void {
    try {
      if (this.#info === undefined) this.sendNow(message);
    } catch {
      this.fail(CloseCode.Internal, "Cannot send");
    }
  }

  /** Send what was gathered in this turn. */
  protected flush(): void {
    this.gatherer?.flush();
  }

  /** Forget it. */
  protected dropGathered(): void {
    this.gatherer?.drop();
  }

  /** Ask the owner for its listener. */
  attach(open: () => TransportListener): void {
    try {
      const listener = open();
      this.#listener = listener;
      // The owner may have ended the transport in the callback.
      if (this.#info !== undefined) listener.onClose(this.#info);
    } catch {
      this.fail(CloseCode.Internal, "Cannot open the connection");
    }
  }

  /** A binary message came. Returns what {@linkcode TransportListener.onMessage} does. */
  receive(message: Uint8Array, from?: number): Heard {
    if (this.#info !== undefined) return;
    if (message.length > this.#maxMessageBytes) {
      return this.fail(CloseCode.TooBig, tooBigReason(this.#maxMessageBytes));
    }
    try {
      return this.#listener?.onMessage(message, from);
    } catch {
      this.fail(CloseCode.Internal, "The listener threw");
    }
  }

  close(code: number, reason: string, discard?: boolean): void {
    if (this.#info === undefined) this.hangUp(code, reason, discard);
  }

  /** Release a socket that has ended here but not in the runtime. */
  get lingers(): "closing" | "stuck" | undefined {
    return this.ended && !this.#left ? "closing" : undefined;
  }

  /** The runtime's socket is gone: after {@linkcode GuardedTransport.end}, or before. */
  leave(): void {
    if (this.#left) return;
    this.#left = true;
    if (this.#info === undefined) return;
    try {
      this.#listener?.onGone?.();
    } catch {
      // No listener is left to notify.
    }
    this.#listener = undefined;
  }

  /** The runtime has closed it because of a message over the limit. */
  endTooBig(): void {
    const reason = tooBigReason(this.#maxMessageBytes);
    this.end({ code: CloseCode.TooBig, reason, byUs: true });
  }

  /** End from this side. */
  protected fail(code: number, reason: string): void {
    if (this.#info !== undefined) return;
    this.flush();
    this.end({ code, reason, byUs: true });
    this.hangUp(code, reason);
  }

  /** The transport has ended. */
  end(info: CloseInfo): void {
    if (this.#info !== undefined) return;
    this.gatherer?.drop();
    this.#info = info;
    try {
      this.#listener?.onClose(info);
    } catch {
      // No listener is left to notify.
    }
    // A runtime may retain its socket for ever (Deno does), and so everything it refers to.
    if (this.#left) this.#listener = undefined;
  }
}
