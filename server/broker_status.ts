/**
 * {@linkcode BrokerStatus}: how a node stands with its broker.
 *
 * @module
 */

/** Events and messages that did not go their way, counted by cause. */
export interface BrokerLosses {
  /** Events handed to the engine that it failed to send, as far as is known. */
  readonly failed: number;
  /** Events of other nodes that did not come: the numbers of those before and after leave a gap. */
  readonly missed: number;
  /** Events that came twice, or after a later one of the same node and topic. */
  readonly stale: number;
  /** Events on topics that nobody here is subscribed to any more. */
  readonly late: number;
  /** Events of nodes with another version of the event type, as there are during a deploy. */
  readonly otherVersion: number;
  /** Messages that no node of this service sends. */
  readonly bad: number;
}

/** How a node stands with its broker. Counts are since the server was made. */
export interface BrokerStatus extends BrokerLosses {
  /**
   * Whether the engine can be reached: it is not if messages to the node itself do not come back. Where it
   * can be, but nodes at another server of its cluster are not heard, the link is `"partial"`.
   */
  readonly link: "up" | "partial" | "down";
  /** Whether the link is down for good: the engine's client has given up. */
  readonly final: boolean;
  /**
   * Milliseconds since a message to the node itself came back through the engine; `undefined` before.
   * While the link is up it is below 5,000, but where the engine refuses that message's topic.
   */
  readonly proofAgeMs: number | undefined;
  /** Milliseconds that message took; `undefined` before there was one. */
  readonly roundTripMs: number | undefined;
  /** Topics that the engine has agreed to. */
  readonly subscribed: number;
  /** Topics with local subscribers that it has not: events of other nodes do not come. */
  readonly unsubscribed: number;
  /** Bytes on the way to the engine, with what each message takes besides; at most `maxBufferedBytes`. */
  readonly pendingBytes: number;
  /** Events handed to the engine. */
  readonly published: number;
  /** Events that did not leave this node: the link was down, or too many bytes were on the way. */
  readonly dropped: number;
  /** Events of other nodes that were delivered here. */
  readonly received: number;
}
