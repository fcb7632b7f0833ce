/**
 * {@linkcode BrokerStatus}: a node's status at its broker.
 *
 * @module
 */

/** Counts of lost and ignored events and messages, by cause. */
export interface BrokerLosses {
  /** Events passed to the engine that it is known not to have sent. */
  readonly failed: number;
  /** Events of other nodes that did not arrive, found by gaps in their numbers. */
  readonly missed: number;
  /** Events that arrived twice, or after a later one of the same node and topic. */
  readonly stale: number;
  /** Events on topics without a subscriber on this node any more. */
  readonly late: number;
  /** Events of nodes with another version of the event type, for example during a deploy. */
  readonly otherVersion: number;
  /** Invalid messages, which no node of this service sends. */
  readonly bad: number;
}

/** A node's status at its broker. Counts start when the server is created. */
export interface BrokerStatus extends BrokerLosses {
  /**
   * `"down"` if messages to the node itself don't return; `"partial"` if they do, but nodes at other servers of
   * the cluster cannot be reached.
   */
  readonly link: "up" | "partial" | "down";
  /** Whether the link is down for good: the engine's client has given up. */
  readonly final: boolean;
  /**
   * Milliseconds since a message to the node itself returned through the engine; `undefined` before the first.
   * Below 5,000 while the link is up, unless the engine refuses that message's topic.
   */
  readonly proofAgeMs: number | undefined;
  /** Milliseconds that message took; `undefined` before there was one. */
  readonly roundTripMs: number | undefined;
  /** Topics that the engine has confirmed. */
  readonly subscribed: number;
  /** Topics with local subscribers that it has not confirmed: events of other nodes don't arrive. */
  readonly unsubscribed: number;
  /** Bytes in flight to the engine, including each message's overhead; at most `maxBufferedBytes`. */
  readonly pendingBytes: number;
  /** Events passed to the engine. */
  readonly published: number;
  /** Events that did not leave this node: the link was down, or too many bytes were in flight. */
  readonly dropped: number;
  /** Events of other nodes that were delivered here. */
  readonly received: number;
}
