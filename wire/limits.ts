/**
 * Every number that bounds what a peer can make this side do.
 *
 * @module
 */
import { DEFAULT_PAGE_LIMITS } from "./page_limits.ts";

/** Bounds, with their unit in the name. */
export interface Limits {
  /** Bytes of one message as it stands on the wire, deflated. Over it: close 4009. */
  readonly maxMessageBytes: number;
  /** Bytes of one message inflated. Over it: close 4009. */
  readonly maxInflatedBytes: number;
  /** Levels a recursive value may nest, sent or received. Over it: `CodecError` `TooDeep`. */
  readonly maxDepth: number;
  /**
   * Bytes of memory, estimated, that what is decoded from one message may take besides its own bytes: a
   * `vec` of small structs takes fifty times as many. Over it: `CodecError` `TooLong`.
   */
  readonly maxDecodedBytes: number;
  /**
   * Bytes of memory, estimated, that the arguments of one connection's calls in flight may take, items of
   * streams that wait for their handlers among them. Over it: `TooManyCallsInFlight`.
   */
  readonly maxHeldBytes: number;
  /**
   * Bytes of memory, estimated, that the arguments of all calls of one server may take whose handlers run,
   * those of connections that have ended included. Over it: `TooManyCallsInFlight`.
   */
  readonly maxTotalHeldBytes: number;
  /**
   * Bytes of a topic, as UTF-8 if it is text. Over it: `RangeError` to whoever subscribes or emits, and an
   * event that comes with such a topic is skipped.
   */
  readonly maxTopicBytes: number;
  /** Topics one connection may be subscribed to. Over it: `RangeError` to the handler. */
  readonly maxSubscriptions: number;
  /**
   * Bytes of memory of one peer's messages that came and wait for their turn of the event loop, each its own
   * bytes and 192, where the runtime cannot stop reading (`Bun.serve`, `Deno.serve`, `upgrade()`). Over it: close 4008.
   */
  readonly maxWaitingBytes: number;
  /**
   * Bytes that wait to be sent to one peer, and all that is sent in one turn of the event loop, what is large
   * before it is deflated. Over it without progress, or over twice it: close 4008. Streams stop their sources
   * at a sixteenth of it.
   */
  readonly maxBufferedBytes: number;
  /**
   * Bytes that wait to be sent to all peers of one server, those of an event to many once where they are
   * not copied. Over it: the connections with most that wait are closed, 4008.
   */
  readonly maxTotalBufferedBytes: number;
  /** Events that wait for one consumer on the client; see its overflow policy. */
  readonly maxQueuedEvents: number;
  /**
   * Bytes of memory, estimated, of the events that wait for one consumer on the client, if there is more
   * than one; see its overflow policy.
   */
  readonly maxQueuedEventBytes: number;
  /** Connections of one server, those included whose socket is still to end. Over it: HTTP 503. */
  readonly maxConnections: number;
  /**
   * Connections of one `serve()` on Deno or Node that are no WebSocket, or not yet: requests, and those
   * that have said nothing. Over it: cut.
   */
  readonly maxPlainConnections: number;
  /**
   * Connections besides, that have ended while their socket cannot be ended: the runtime (`Deno.serve`)
   * waits for a peer that does not read. Over it: HTTP 503.
   */
  readonly maxStuckConnections: number;
  /** Calls of `authorize` that one server has under way. Over it: HTTP 503. */
  readonly maxAuthorizations: number;
  /** Milliseconds a connection attempt may take, `authorize` included. */
  readonly handshakeTimeoutMs: number;
  /** Milliseconds a call may take, unless it says otherwise. */
  readonly callTimeoutMs: number;
  /** Milliseconds the peer has to answer a close before the transport is ended. */
  readonly closeTimeoutMs: number;
  /** Milliseconds of silence after which to ping, and twice that to close: 4000. */
  readonly idleTimeoutMs: number;
}

/** What a page has no use for: it serves nobody, and cannot ping. */
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

/** What bounds a client in a page. */
export type PageLimits = Omit<Limits, keyof OtherLimits>;

/** What holds where nothing else is said. */
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
