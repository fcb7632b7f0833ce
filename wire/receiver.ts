/**
 * {@linkcode receive}: transport → inflate → message.
 *
 * @module
 */
import { InflateError } from "../deflate/errors.ts";
import { soleStoredLength, STORED_HEADER_BYTES } from "../deflate/stored.ts";
import { CloseCode, tooBigReason } from "./close.ts";
import type { Deflater } from "./deflater.ts";
import { ProtocolError } from "./errors.ts";
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
    if (message.length > maxMessageBytes) {
      throw new ProtocolError("TooBig", CloseCode.TooBig, tooBigReason(maxMessageBytes));
    }
    const stored = soleStoredLength(message);
    if (stored >= 0 && stored <= maxInflatedBytes) {
      listener.onArchive(message, STORED_HEADER_BYTES, message.length);
    } else {
      const archive = deflater.inflate(message, maxInflatedBytes);
      listener.onArchive(archive, 0, archive.length);
    }
  } catch (error) {
    listener.onProtocolError(toProtocolError(error, maxInflatedBytes));
  }
}

/** What went wrong with a message, as a {@linkcode ProtocolError} that keeps the cause. */
export function toProtocolError(error: unknown, maxInflatedBytes: number): ProtocolError {
  if (error instanceof ProtocolError) return error;
  if (error instanceof InflateError) {
    const big = error.code === "TooBig";
    return new ProtocolError(
      big ? "TooBig" : "BadDeflate",
      big ? CloseCode.TooBig : CloseCode.Protocol,
      big
        ? `A message inflates to over maxInflatedBytes, ${maxInflatedBytes} bytes`
        : `Cannot inflate a message: ${error.code}`,
      { cause: error },
    );
  }
  return new ProtocolError("BadMessage", CloseCode.Protocol, "Cannot decode a message", {
    cause: error,
  });
}
