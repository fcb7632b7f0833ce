/**
 * {@linkcode receive}: transport → inflate → message.
 *
 * @module
 */
import { InflateError } from "../deflate/inflate.ts";
import { soleStoredLength, STORED_HEADER_BYTES } from "../deflate/stored.ts";
import type { Deflater, Unframe } from "./deflater.ts";
import type { ProtocolError } from "./errors.ts";
import { badDeflate, tooBig, toProtocolError } from "./faults.ts";
import type { Limits } from "./limits.ts";

/** How messages are received. */
export interface ReceiveOptions {
  /** How messages are inflated. */
  readonly deflater: Deflater;
  /** `maxMessageBytes` and `maxInflatedBytes`. */
  readonly limits: Pick<Limits, "maxMessageBytes" | "maxInflatedBytes">;
}

/** Whom messages are for. */
export interface ArchiveListener {
  /** One whole archive at `[start, end)`, to be read until this returns. May throw `ProtocolError`. */
  onArchive(bytes: Uint8Array, start: number, end: number): void;
  /** The message was no such thing. */
  onProtocolError(error: ProtocolError): void;
}

/** Inflate one message and hand it on, in the turn it came. Its bytes are only read until this returns. */
export function receive(
  message: Uint8Array,
  { deflater, limits: { maxMessageBytes, maxInflatedBytes } }: ReceiveOptions,
  listener: ArchiveListener,
): void {
  try {
    if (message.length > maxMessageBytes) throw tooBig("maxMessageBytes", maxMessageBytes);
    const stored = soleStoredLength(message);
    if (stored >= 0 && stored <= maxInflatedBytes) {
      listener.onArchive(message, STORED_HEADER_BYTES, message.length);
    } else {
      const archive = inflate(deflater, message, maxInflatedBytes);
      listener.onArchive(archive, 0, archive.length);
    }
  } catch (error) {
    listener.onProtocolError(toProtocolError(error));
  }
}

function inflate(deflater: Deflater, message: Uint8Array, maxInflatedBytes: number): Uint8Array {
  try {
    return deflater.inflate(message, maxInflatedBytes);
  } catch (error) {
    throw error instanceof InflateError ? badDeflate(error.code, maxInflatedBytes, error) : error;
  }
}

/** {@linkcode Unframe} by a deflater; a stored block is read where it is. */
export function unframeBy(deflater: Deflater): Unframe {
  return (message, maxInflatedBytes, read) => {
    const stored = soleStoredLength(message);
    if (stored >= 0 && stored <= maxInflatedBytes) {
      return read(message, STORED_HEADER_BYTES, message.length);
    }
    const archive = inflate(deflater, message, maxInflatedBytes);
    read(archive, 0, archive.length);
  };
}
