/**
 * The ports that turn a whole archive into a raw DEFLATE stream and back: {@linkcode Deflater}, and
 * {@linkcode Framing} for a page.
 *
 * Each message is one stream that ends with a final block, with nothing after it: a Rust peer silently drops
 * anything else.
 *
 * @module
 */
import type { Limits } from "./limits.ts";

/** The connection for which a message is deflated. */
export interface DeflateOwner {
  /** Whether its waiting messages are still needed: not after it has ended. */
  readonly wanted: boolean;
  /** Whether so many more bytes may wait for it. If not, what they deflate to is needed at once. */
  mayWait(bytes: number): boolean;
}

/** Raw DEFLATE of whole messages. */
export interface Deflater {
  /**
   * Deflate `bytes`, synchronously or asynchronously. The input is only read until the call returns or its promise
   * settles. A synchronous result is only valid until the next call.
   *
   * @param bytes The archive.
   * @param level 0 (stored) to 9, or {@linkcode CODES_ONLY}.
   * @param owner Has at most one message at a time on another thread; its waiting messages are dropped (rejected)
   * when it no longer needs them. Absent for broadcasts: no such limit.
   */
  deflate(
    bytes: Uint8Array<ArrayBuffer>,
    level: number,
    owner?: DeflateOwner,
  ): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>>;
  /**
   * Inflate one whole stream. Truncated input, corrupt input, bytes after the final block and more output than
   * `maxBytes` throw `InflateError`. The result may be a view of `bytes` and is only valid until the next call.
   *
   * Always synchronous: no asynchronous native inflater is both bounded and strict, and messages need no queue
   * this way.
   */
  inflate(bytes: Uint8Array, maxBytes: number): Uint8Array;
  /** Inflate the stream at the start of `bytes`, as {@linkcode inflate}. Anything may follow it. */
  inflateFirst(bytes: Uint8Array, maxBytes: number): InflatedFirst;
}

/** What a stream inflates to, and where it ends. */
export type InflatedFirst = readonly [archive: Uint8Array, end: number];

/**
 * Smallest archive, in bytes, that is deflated: below, deflating costs more than the bytes it saves.
 */
export const MIN_DEFLATED_BYTES = 128;

/** The highest level that is an upper bound; higher levels apply to every message. */
const MAX_THRIFTY_LEVEL = 6;
/** Largest archive, in bytes, that is stored while the link is not the bottleneck. */
export const MAX_THRIFTY_STORED_BYTES = 1280;
/** Smallest archive, in bytes, that gets the full level if it seems compressible. */
export const MIN_SPENT_BYTES = 65_536;
/**
 * Queued bytes from which the link counts as the bottleneck, so that archives get the full level. They are those in the
 * socket: what is sent in one turn goes there at its end, so a burst says nothing of the link.
 */
export const BOTTLENECK_BYTES = 262_144;
/** Added to a level: it is used for data that looks compressible, and level 0 for the rest. */
export const IF_COMPRESSIBLE = 10;
/** Added to a level: level 0 is used for plain noise, such as images. */
export const UNLESS_NOISE = 20;
/**
 * The level of an archive with a small alphabet and no repeats: shorter codes for its bytes, and no search. It takes
 * a third of the time of level 1, and halves hexadecimal digits.
 */
export const CODES_ONLY = -1;
/** Smallest archive, in bytes, that is worth codes of its own. */
export const MIN_CODES_BYTES = 4096;
/** The cheapest level that compresses. */
export const CHEAPEST_LEVEL = 1;

/**
 * The level for an archive of `length` bytes, at most `level`.
 *
 * While the link is fast enough, time matters more than bytes: a small archive is stored, and one of up to 64 KiB
 * gets the cheapest level, a larger one the full level, if they seem compressible. While the link is the bottleneck, all
 * get the full level but larger ones of noise, on which milliseconds would be spent for nothing. From level 7 on bytes
 * matter more.
 *
 * @param transport The receiver's transport.
 * @returns A level, or {@linkcode IF_COMPRESSIBLE} or {@linkcode UNLESS_NOISE} plus one.
 */
export function thriftyLevel(
  level: number,
  length: number,
  transport: { readonly bufferedAmount: number },
): number {
  if (length < MIN_DEFLATED_BYTES) return 0;
  if (level === 0 || level > MAX_THRIFTY_LEVEL) return level;
  const isSmall = length <= MAX_THRIFTY_STORED_BYTES;
  if (transport.bufferedAmount > BOTTLENECK_BYTES) return isSmall ? level : UNLESS_NOISE + level;
  if (isSmall) return 0;
  return IF_COMPRESSIBLE + (length < MIN_SPENT_BYTES ? CHEAPEST_LEVEL : level);
}

/** The limits for unframing a message. */
export type FrameLimits = Pick<Limits, "maxMessageBytes" | "maxInflatedBytes">;

/** Reads the archive at `[start, end)` of some bytes, synchronously. */
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

/** Frames a page's archives for its transports, and unframes received messages. */
export interface Framing {
  /** Bytes waiting to be framed. */
  readonly waitingBytes: number;
  /**
   * Frame an archive after those before it. The framing takes ownership of its bytes.
   *
   * @param post Receives the bytes for the wire, and must not keep them.
   * @param onError Told that it cannot be framed.
   */
  frame(
    archive: Uint8Array<ArrayBuffer>,
    post: (message: Uint8Array<ArrayBuffer>) => void,
    onError: (error: unknown) => void,
  ): void;
  /** Unframe a message. */
  readonly unframe: Unframe;
}
