/**
 * {@linkcode receive}: transport → inflate → message.
 *
 * @module
 */
import { inflatedBytes, InflateError, inflateFirst } from "../deflate/inflate.ts";
import {
  firstStoredLength,
  joinStored,
  soleStoredLength,
  STORED_HEADER_BYTES,
} from "../deflate/stored.ts";
import type { Deflater, FrameLimits, Unframe } from "./deflater.ts";
import type { ProtocolError } from "./errors.ts";
import { badDeflate, protocolError, tooBig } from "./faults.ts";
import { SHORT } from "./layout.ts";
import { endOfShort } from "./short_message.ts";

/** How messages are received. */
export interface ReceiveOptions {
  /** How messages are inflated. */
  readonly deflater: Deflater;
  /** `maxMessageBytes` and `maxInflatedBytes`. */
  readonly limits: FrameLimits;
}

/** The receiver of messages. */
export interface ArchiveListener {
  /**
   * One whole archive at `[start, end)`, or a short message, to be read until this returns. May throw
   * `ProtocolError`.
   */
  onArchive(bytes: Uint8Array, start: number, end: number, isShort: boolean): void;
  /** The message was invalid. */
  onProtocolError(error: ProtocolError): void;
}

const NOTHING: Uint8Array = new Uint8Array(0);

/** The holder of the last found archive, and its bounds. */
let archive = NOTHING;
let archiveStart = 0;
let archiveEnd = 0;

/** Find the archive of a message, or of the first of a batch; returns where that message ends. */
function find(
  message: Uint8Array,
  deflater: Deflater,
  limits: FrameLimits,
  mayBeMore: boolean,
  from: number,
): number {
  const { maxMessageBytes, maxInflatedBytes } = limits;
  if (mayBeMore) {
    const end = findFirst(message, deflater, maxInflatedBytes, from);
    if (end - from > maxMessageBytes) throw tooBig("maxMessageBytes", maxMessageBytes);
    return end;
  }
  if (message.length > maxMessageBytes) throw tooBig("maxMessageBytes", maxMessageBytes);
  let stored = soleStoredLength(message);
  if (stored < 0) stored = joinStored(message, maxInflatedBytes);
  if (stored >= 0 && stored <= maxInflatedBytes) {
    archive = message;
    archiveStart = STORED_HEADER_BYTES;
    archiveEnd = archiveStart + stored;
  } else {
    archive = deflater.inflate(message, maxInflatedBytes);
    archiveStart = 0;
    archiveEnd = archive.length;
  }
  return message.length;
}

function findFirst(
  message: Uint8Array,
  deflater: Deflater,
  maxInflatedBytes: number,
  from: number,
): number {
  const stored = firstStoredLength(message, from);
  if (stored >= 0 && stored <= maxInflatedBytes) {
    archive = message;
    archiveStart = from + STORED_HEADER_BYTES;
    return archiveEnd = archiveStart + stored;
  }
  let end: number;
  if (from === 0) [archive, end] = deflater.inflateFirst(message, maxInflatedBytes);
  else {
    // By our own decoder: a batch may have thousands of tiny streams, for each of which zlib takes microseconds.
    archive = inflateFirst(message.subarray(from), maxInflatedBytes);
    end = from + inflatedBytes();
  }
  archiveStart = 0;
  archiveEnd = archive.length;
  return end;
}

function inWords(error: unknown, maxInflatedBytes: number): unknown {
  return error instanceof InflateError ? badDeflate(error.code, maxInflatedBytes, error) : error;
}

/**
 * Inflate one message and deliver it synchronously. Its bytes are only used until this returns; those of one that is
 * large may change.
 *
 * @param mayBeMore Whether the bytes may be several messages, of which the first is taken, and that may be short.
 * @param from Where the first begins.
 * @returns Where it ends: further messages follow there.
 */
export function receive(
  message: Uint8Array,
  { deflater, limits }: ReceiveOptions,
  listener: ArchiveListener,
  mayBeMore = false,
  from = 0,
): number {
  let end = message.length;
  try {
    if (mayBeMore && (message[from]! & SHORT) === SHORT) {
      end = endOfShort(message, from);
      listener.onArchive(message, from, end, true);
    } else {
      end = find(message, deflater, limits, mayBeMore, from);
      listener.onArchive(archive, archiveStart, archiveEnd, false);
    }
  } catch (error) {
    listener.onProtocolError(
      protocolError("BadMessage", "a message", inWords(error, limits.maxInflatedBytes)),
    );
  }
  return end;
}

/** {@linkcode Unframe} by a deflater; a stored block is read in place. */
export function unframeBy(deflater: Deflater): Unframe {
  return (message, limits, read, mayBeMore, from = 0) => {
    let end: number;
    try {
      end = find(message, deflater, limits, mayBeMore, from);
    } catch (error) {
      throw inWords(error, limits.maxInflatedBytes);
    }
    read(archive, archiveStart, archiveEnd);
    return end;
  };
}
