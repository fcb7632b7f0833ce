/**
 * All limits on the work and memory that a peer can cause.
 *
 * @module
 */
import { DEFAULT_PAGE_LIMITS } from "./page_limits.ts";

/** Bounds, with their unit in the name. */
export interface Limits {
  /** Bytes of one message on the wire, deflated. Over it: close 4009; a client refuses a call that would be. */
  readonly maxMessageBytes: number;
  /** Bytes of one message inflated. Over it: close 4009; a client refuses a call that would be. */
  readonly maxInflatedBytes: number;
  /** Levels inside a recursive value, sent or received. Over it: `CodecError` `TooDeep`. */
  readonly maxDepth: number;
  /**
   * Estimated bytes of memory for the values decoded from one message: a `vec` of small structs takes fifty times
   * its bytes on the wire. Over it: `CodecError` `TooLong`.
   */
  readonly maxDecodedBytes: number;
  /**
   * Estimated bytes of memory for the arguments of one connection's calls in flight, including stream items that
   * wait for their handlers. Over it: `TooManyCallsInFlight`.
   */
  readonly maxHeldBytes: number;
  /**
   * Estimated bytes of memory for the arguments of all running handlers of one server, including those of ended
   * connections. Over it: `TooManyCallsInFlight`.
   */
  readonly maxTotalHeldBytes: number;
  /**
   * Bytes of a topic, as UTF-8 if it is text. Over it: `RangeError` when subscribing or emitting; a received event
   * with such a topic is skipped.
   */
  readonly maxTopicBytes: number;
  /** Topics one connection may be subscribed to. Over it: `RangeError` to the handler. */
  readonly maxSubscriptions: number;
  /**
   * Bytes of memory of one peer's received messages that wait for their turn of the event loop, 192 more for
   * each, if the runtime cannot stop reading (`Bun.serve`, `Deno.serve`, `upgrade()`). Over it: close 4008.
   */
  readonly maxWaitingBytes: number;
  /**
   * Bytes queued for one peer, including everything sent in one turn of the event loop, as they go on the wire; large
   * messages that wait to be deflated count as they are. Over it without progress, or over twice it: close 4008.
   * Streams pause their sources at 1/16 of it.
   */
  readonly maxBufferedBytes: number;
  /**
   * Bytes queued for all peers of one server; an event to many counts once if it is not copied. Over it: the
   * connections with the longest queues are closed, 4008.
   */
  readonly maxTotalBufferedBytes: number;
  /** Events queued for one consumer on the client; see its overflow policy. */
  readonly maxQueuedEvents: number;
  /**
   * Estimated bytes of memory of the events queued for one consumer on the client, if there is more than one
   * event; see its overflow policy.
   */
  readonly maxQueuedEventBytes: number;
  /** Connections of one server, including ended ones whose socket is still open. Over it: HTTP 503. */
  readonly maxConnections: number;
  /**
   * Connections of one `serve()` on Deno or Node that are not (yet) WebSockets: requests, and connections without
   * a request. Over it: cut.
   */
  readonly maxPlainConnections: number;
  /**
   * Additional ended connections whose socket cannot be ended, because the runtime (`Deno.serve`) waits for a peer
   * that doesn't read. Over it: HTTP 503.
   */
  readonly maxStuckConnections: number;
  /** Pending `authorize` calls of one server. Over it: HTTP 503. */
  readonly maxAuthorizations: number;
  /** Milliseconds a connection attempt may take, `authorize` included. */
  readonly handshakeTimeoutMs: number;
  /** Milliseconds a call may take, unless it has its own deadline. */
  readonly callTimeoutMs: number;
  /** Milliseconds for the peer to answer a close before the transport is cut. */
  readonly closeTimeoutMs: number;
  /** Idle milliseconds before a ping; after twice that: close 4000. */
  readonly idleTimeoutMs: number;
}

/** Limits that pages don't need: they don't serve and cannot ping. */
export type OtherLimits = Pick<
  Limits,
  | "maxHeldBytes"
  | "maxTotalHeldBytes"
  | "maxSubscriptions"
  | "maxWaitingBytes"
  | "maxConnections"
  | "maxTotalBufferedBytes"
  | "maxStuckConnections"
  | "maxPlainConnections"
  | "maxAuthorizations"
  | "idleTimeoutMs"
>;

/** The limits of a client in a page. */
export type PageLimits = Omit<Limits, keyof OtherLimits>;

/** The default limits. */
export const DEFAULT_LIMITS: Limits = /* @__PURE__ */ defaultLimits();

function defaultLimits(): Limits {
  const others: OtherLimits = {
    maxHeldBytes: 16 << 20,
    maxTotalHeldBytes: 256 << 20,
    maxSubscriptions: 1024,
    maxWaitingBytes: 16 << 20,
    maxTotalBufferedBytes: 256 << 20,
    maxConnections: 10_000,
    maxStuckConnections: 1_000,
    maxPlainConnections: 10_000,
    maxAuthorizations: 1_000,
    idleTimeoutMs: 60_000,
  };
  return Object.freeze({ ...DEFAULT_PAGE_LIMITS, ...others });
}
