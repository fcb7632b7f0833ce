/**
 * WebSocket close codes: 1000, or 4000 plus the last three digits of the RFC 6455 code of the same
 * meaning, because the WebSocket API lets a client send only 1000 and 3000 to 4999.
 *
 * @module
 */

/** Close codes this module sends, with their meaning. */
export const CloseCode = {
  /** The peer is done. */
  Normal: 1000,
  /** The server is going away: connect again, to it or another, after a pause. */
  GoingAway: 4001,
  /** The peer broke the protocol: undecodable message. */
  Protocol: 4002,
  /** The peer does not read: its outgoing queue is full and makes no progress. */
  SlowConsumer: 4008,
  /** A message is larger than a limit. */
  TooBig: 4009,
  /** The two sides were built from different services. */
  SchemaMismatch: 4010,
  /** The server failed. */
  Internal: 4011,
  /** The server is full. */
  TooBusy: 4013,
  /** The peer was silent for too long. */
  IdleTimeout: 4000,
  /** The request was not authorised. */
  Unauthorized: 4401,
  /** The page's origin is not allowed. */
  OriginRefused: 4403,
} as const;

/** One of {@linkcode CloseCode}. */
export type CloseCode = typeof CloseCode[keyof typeof CloseCode];
