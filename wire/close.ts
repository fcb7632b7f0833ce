/**
 * WebSocket close codes: 1000, or 4000 plus the last three digits of the RFC 6455 code of the same
 * meaning, because the WebSocket API lets a client send only 1000 and 3000 to 4999.
 *
 * @module
 */

// Codes that a client needs are separate constants: a bundler inlines them.

/** Most bytes of a reason: RFC 6455, section 5.5. */
export const MAX_REASON_BYTES = 123;

/** The longest spread, in milliseconds, that a server may ask for. */
export const MAX_SPREAD_MS = 300_000;

/** The peer is done. */
export const NORMAL = 1000;
/** The server is going away: connect again, to it or another, after a pause. */
export const GOING_AWAY = 4001;
/** The peer violated the protocol: undecodable message. */
export const PROTOCOL_BROKEN = 4002;
/** A message is larger than a limit, or than its receiver accepts. */
export const TOO_BIG = 4009;
/** The server failed. */
export const INTERNAL = 4011;

/** Close codes this module sends, with their meaning. */
export const CloseCode = {
  /** The peer is done. */
  Normal: NORMAL as 1000,
  /** The server is going away: connect again, to it or another, after a pause. */
  GoingAway: GOING_AWAY as 4001,
  /** The peer violated the protocol: undecodable message. */
  Protocol: PROTOCOL_BROKEN as 4002,
  /** The peer does not read: its outgoing queue is full and makes no progress. */
  SlowConsumer: 4008,
  /** A message is larger than a limit, or than its receiver accepts. */
  TooBig: TOO_BIG as 4009,
  /** The two sides were built from different services. */
  SchemaMismatch: 4010,
  /** The server failed. */
  Internal: INTERNAL as 4011,
  /** The server is full. */
  TooBusy: 4013,
  /** The peer was silent for too long. */
  IdleTimeout: 4000,
  /** The request was not authorized. */
  Unauthorized: 4401,
  /** The page's origin is not allowed. */
  OriginRefused: 4403,
} as const;

/** One of {@linkcode CloseCode}. */
export type CloseCode = typeof CloseCode[keyof typeof CloseCode];

/** The reason with {@linkcode CloseCode.TooBig}: names the option that allows larger messages. */
export function tooBigReason(maxMessageBytes: number): string {
  return `A message is over maxMessageBytes, ${maxMessageBytes} bytes`;
}

/**
 * Reject a close code that no endpoint may send.
 *
 * @throws {RangeError} If it is neither 1000 nor from 3000 to 4999.
 */
export function checkCloseCode(code: number): void {
  if (code === NORMAL) return;
  if (Number.isInteger(code) && code >= 3000 && code <= 4999) return;
  throw new RangeError(`Cannot close with ${code}: expected 1000, or 3000 to 4999`);
}

/** Default reconnects per second after a drain. */
const RETURNS_PER_SECOND = 2000;

/** Milliseconds over which so many connections should spread their reconnects. */
export function defaultSpreadMs(connections: number): number {
  return Math.ceil(connections / RETURNS_PER_SECOND * 1000);
}

/**
 * The reason with {@linkcode CloseCode.GoingAway}: the time over which to spread reconnects, and whether every
 * received call was answered.
 */
export function goingAwayReason(spreadMs: number, drained: boolean): string {
  const within = Math.min(MAX_SPREAD_MS, Math.ceil(spreadMs));
  return `the server is going away${drained ? "; drained" : ""}; return within ${within} ms`;
}
