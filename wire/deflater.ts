/**
 * The ports that turn a whole archive into a raw DEFLATE stream and back: {@linkcode Deflater}, and
 * {@linkcode Framing} for a page.
 *
 * Each message is one stream of its own that ends with a final block and has nothing after it:
 * the Rust peer drops anything else without a word.
 *
 * @module
 */
import type { Limits } from "./limits.ts";

/** For whose connection a message is deflated. */
export interface DeflateOwner {
  /** Whether what waits is still wanted: not once its connection has ended. */
  readonly wanted: boolean;
}

/** Raw DEFLATE of whole messages. */
export interface Deflater {
  /**
   * Deflate `bytes`, at once or later. The input is only read until the call returns or its promise
   * settles; a result given at once is only valid until the next call.
   *
   * @param bytes The archive.
   * @param level 0 (stored) to 9.
   * @param owner Has one message at a time on another thread, and what waits for one is dropped, which
   * rejects, when it is not wanted any more. Absent, as for a message to many: neither.
   */
  deflate(
    bytes: Uint8Array<ArrayBuffer>,
    level: number,
    owner?: DeflateOwner,
  ): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Inflate one whole stream. Truncated input, corrupt input, bytes after the final block and more
   * output than `maxBytes` are refused with `InflateError`. The result may be a view on `bytes` and is
   * only valid until the next call.
   *
   * Always at once: no native inflater that answers later is both bounded and strict, and messages
   * need no queue this way.
   */
  inflate(bytes: Uint8Array, maxBytes: number): Uint8Array;
}

/**
 * Bytes an archive must have before it is worth more than a stored block: below, a round of
 * deflating costs more than the bytes it saves.
 */
export const MIN_DEFLATED_BYTES = 128;

/** The highest level that is spent where it pays; a higher one is spent on every message. */
const MAX_THRIFTY_LEVEL = 6;
/** Bytes of an archive up to which it is stored, as long as the link is not the bottleneck. */
export const MAX_THRIFTY_STORED_BYTES = 1280;
/** Bytes of an archive from which the level is spent, whatever it takes. */
export const MIN_SPENT_BYTES = 65_536;
/** Bytes waiting to be sent from which the link is the bottleneck, and a level is spent. */
export const BOTTLENECK_BYTES = 262_144;
/** In place of a level: the cheapest one for what seems compressible, else 0. */
export const IF_COMPRESSIBLE = 10;
/** The cheapest level that compresses. */
export const CHEAPEST_LEVEL = 1;

/**
 * The level that pays for an archive of `length` bytes, where `level` may be spent.
 *
 * While the link takes what it is given, time is dearer than bytes: a small archive is stored, one of up to
 * 64 KiB takes the cheapest level, if it seems compressible at all. From level 7 on bytes are dearer.
 *
 * @param transport Where it goes.
 * @returns A level, or {@linkcode IF_COMPRESSIBLE}.
 */
export function thriftyLevel(
  level: number,
  length: number,
  transport: { readonly bufferedAmount: number },
): number {
  if (length < MIN_DEFLATED_BYTES) return 0;
  if (
    level === 0 || level > MAX_THRIFTY_LEVEL || length >= MIN_SPENT_BYTES ||
    transport.bufferedAmount > BOTTLENECK_BYTES
  ) return level;
  return length <= MAX_THRIFTY_STORED_BYTES ? 0 : IF_COMPRESSIBLE;
}

/** What bounds a message that is taken out of its frame. */
export type FrameLimits = Pick<Limits, "maxMessageBytes" | "maxInflatedBytes">;

/** Has the archive at `[start, end)` of some bytes read, while it is there. */
export type ReadArchive = (bytes: Uint8Array, start: number, end: number) => void;

/**
 * Inflates one message and has it read, in the same turn.
 *
 * @param mayBeMore Whether the bytes may be several messages, the first of which is taken.
 * @param from Where the first begins. A page's, whose transport gives what is left by itself, know only of 0.
 * @returns Where the message that was taken ends.
 * @throws {ProtocolError} `BadDeflate` or `TooBig` if it is no stream, or longer than a limit.
 */
export type Unframe = (
  message: Uint8Array,
  limits: FrameLimits,
  read: ReadArchive,
  mayBeMore: boolean,
  from?: number,
) => number;

/** How the messages of a page become what goes over its transports, and archives again. */
export interface Framing {
  /** Bytes that wait to be framed. */
  readonly waitingBytes: number;
  /**
   * Frame an archive, whose bytes are the framing's from now on, behind those before it.
   *
   * @param post Is given what goes on the wire; it keeps nothing of it.
   * @param onError Told that it cannot be framed.
   */
  frame(
    archive: Uint8Array<ArrayBuffer>,
    post: (message: Uint8Array<ArrayBuffer>) => void,
    onError: (error: unknown) => void,
  ): void;
  /** Take a message out of its frame. */
  readonly unframe: Unframe;
}
