/**
 * {@linkcode Receiver}: transport → inflate → message, in order.
 *
 * @module
 */
import { InflateError } from "../deflate/errors.ts";
import { CloseCode } from "./close.ts";
import type { Deflater } from "./deflater.ts";
import { ProtocolError } from "./errors.ts";
import type { Limits } from "./limits.ts";

/** What a receiver needs. */
export interface ReceiverOptions {
  /** How messages are inflated. */
  readonly deflater: Deflater;
  /** `maxMessageBytes`, `maxInflatedBytes` and `maxBufferedBytes`. */
  readonly limits: Pick<Limits, "maxMessageBytes" | "maxInflatedBytes" | "maxBufferedBytes">;
  /** One whole archive, to be read until this returns. May throw `ProtocolError`. */
  onArchive(bytes: Uint8Array): void;
  /** A message was no such thing. Later messages are still delivered, unless the receiver is closed. */
  onError(error: ProtocolError): void;
}

/** Low bits of the first byte of a stream that is one stored block. */
const FINAL_STORED = 1;

/**
 * Inflates the messages of one connection and hands them on in order: at once where the deflater
 * answers at once, else one after the other, with a bounded number of bytes waiting.
 */
export class Receiver {
  readonly #options: ReceiverOptions;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #busy = false;
  #closed = false;

  /** Create for one connection. */
  constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  /** Take one message as it came. Its bytes are only read until this returns. */
  push(message: Uint8Array): void {
    if (this.#closed) return;
    const { limits } = this.#options;
    if (message.length > limits.maxMessageBytes) {
      this.#fail(tooBig(`a message of ${message.length} bytes, over ${limits.maxMessageBytes}`));
    } else if (!this.#busy) {
      // An inflater may answer later, when these bytes are no longer ours; a stored block it views at once.
      this.#inflate((message[0]! & 7) === FINAL_STORED ? message : message.slice());
    } else if (this.#waitingBytes + message.length > limits.maxBufferedBytes) {
      this.#fail(tooBig(`over ${limits.maxBufferedBytes} bytes wait to be inflated`));
    } else {
      this.#waiting.push(message.slice());
      this.#waitingBytes += message.length;
    }
  }

  /** Drop what waits, and deliver nothing more. */
  close(): void {
    this.#closed = true;
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  #inflate(message: Uint8Array): void {
    let archive: Uint8Array | Promise<Uint8Array>;
    try {
      archive = this.#options.deflater.inflate(message, this.#options.limits.maxInflatedBytes);
    } catch (error) {
      this.#fail(toProtocolError(error));
      return;
    }
    if (!(archive instanceof Promise)) {
      this.#deliver(archive);
      return;
    }
    this.#busy = true;
    archive.then(
      (bytes) => this.#deliver(bytes),
      (error) => this.#fail(toProtocolError(error)),
    ).then(() => this.#next());
  }

  #next(): void {
    this.#busy = false;
    while (!this.#busy && this.#waiting.length > 0) {
      const message = this.#waiting.shift()!;
      this.#waitingBytes -= message.length;
      this.#inflate(message);
    }
  }

  #deliver(archive: Uint8Array): void {
    if (this.#closed) return;
    try {
      this.#options.onArchive(archive);
    } catch (error) {
      this.#fail(toProtocolError(error));
    }
  }

  #fail(error: ProtocolError): void {
    if (!this.#closed) this.#options.onError(error);
  }
}

function tooBig(what: string): ProtocolError {
  return new ProtocolError("TooBig", CloseCode.TooBig, `Cannot take a message: ${what}`);
}

/** What went wrong with a message, as a {@linkcode ProtocolError} that keeps the cause. */
export function toProtocolError(error: unknown): ProtocolError {
  if (error instanceof ProtocolError) return error;
  if (error instanceof InflateError) {
    const big = error.code === "TooBig";
    return new ProtocolError(
      big ? "TooBig" : "BadDeflate",
      big ? CloseCode.TooBig : CloseCode.Protocol,
      `Cannot inflate a message: ${error.code}`,
      { cause: error },
    );
  }
  return new ProtocolError("BadMessage", CloseCode.Protocol, "Cannot decode a message", {
    cause: error,
  });
}
