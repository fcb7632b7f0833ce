/**
 * {@linkcode SenderOptions}: how a connection sends, and {@linkcode surelyTakes}: what its peer accepts.
 *
 * @module
 */
import type { Deflater } from "./deflater.ts";
import { ANYTHING, type Extension, type Receives } from "./handshake.ts";
import type { Limits } from "./limits.ts";
import type { SendTally } from "./shared_message.ts";

/** Options for sending. Many senders may share one object. */
export interface SenderOptions {
  /** The deflater. */
  readonly deflater: Deflater;
  /** The compression level: 0 to 9. */
  readonly level: number;
  /** The peer's limits. Default: none. */
  readonly receives?: Receives | undefined;
  /** The negotiated extension. Default: 0. */
  readonly extension?: Extension;
  /** The limits for encoded values and for what waits to be deflated. Default: the default depth, and no bound. */
  readonly limits?:
    | Pick<Limits, "maxDepth"> & Partial<Pick<Limits, "maxBufferedBytes">>
    | undefined;
  /** Counts the bytes sent by all of them. */
  readonly tally?: SendTally | undefined;
}

/** Why a peer does not accept a message: its limit, and the bytes that count towards it. */
export interface Excess {
  readonly limit: keyof Receives;
  readonly bytes: number;
}

/**
 * Called once with whether the peer accepts a message: at once, or when it was deflated. A message that it doesn't
 * accept is not sent. Without an excess, the connection has ended.
 *
 * @returns Whether what waits behind it may not be sent without it. Absent: no.
 */
export type SettledListener = (taken: boolean, excess?: Excess) => boolean | void;

/** Bytes by which framing may enlarge a message, plus as many per KiB. */
const GROWTH_BYTES = 64;

/** Whether a peer accepts an archive of so many bytes at any compression. */
export function surelyTakes({ receives = ANYTHING }: SenderOptions, length: number): boolean {
  const { maxMessageBytes, maxInflatedBytes } = receives;
  const largest = length + (length / 1024 + 1) * GROWTH_BYTES;
  return length <= maxInflatedBytes && largest <= maxMessageBytes;
}
