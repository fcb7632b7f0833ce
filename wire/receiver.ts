/**
 * {@linkcode Receiver}: transport → inflate → message.
 *
 * @module
 */
import { InflateError } from "../deflate/errors.ts";
import { soleStoredLength, STORED_HEADER_BYTES } from "../deflate/stored.ts";
import { CloseCode } from "./close.ts";
import type { Deflater } from "./deflater.ts";
import { ProtocolError } from "./errors.ts";
import type { Limits } from "./limits.ts";

/** What a receiver needs. */
export interface ReceiverOptions {
  /** How messages are inflated. */
  readonly deflater: Deflater;
  /** `maxMessageBytes` and `maxInflatedBytes`. */
  readonly limits: Pick<Limits, "maxMessageBytes" | "maxInflatedBytes">;
  /** One whole archive at `[start, end)`, to be read until this returns. May throw `ProtocolError`. */
  onArchive(bytes: Uint8Array, start: number, end: number): void;
  /** A message was no such thing. Later messages are still delivered, unless the receiver is closed. */
  onError(error: ProtocolError): void;
}

/** Inflates the messages of one connection and hands them on, each in the turn it came. */
export class Receiver {
  readonly #options: ReceiverOptions;
  #closed = false;

  /** Create for one connection. */
  constructor(options: ReceiverOptions) {
    this.#options = options;
  }

  /** Take one message as it came. Its bytes are only read until this returns. */
  push(message: Uint8Array): void {
    if (this.#closed) return;
    const { deflater, limits: { maxMessageBytes, maxInflatedBytes } } = this.#options;
    try {
      if (message.length > maxMessageBytes) {
        throw tooBig(`a message of ${message.length} bytes, over ${maxMessageBytes}`);
      }
      const stored = soleStoredLength(message);
      if (stored >= 0 && stored <= maxInflatedBytes) {
        this.#options.onArchive(message, STORED_HEADER_BYTES, message.length);
      } else {
        const archive = deflater.inflate(message, maxInflatedBytes);
        this.#options.onArchive(archive, 0, archive.length);
      }
    } catch (error) {
      if (!this.#closed) this.#options.onError(toProtocolError(error));
    }
  }

  /** Deliver nothing more. */
  close(): void {
    this.#closed = true;
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
