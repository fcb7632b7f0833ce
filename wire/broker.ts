/**
 * The port through which events reach other nodes.
 *
 * @module
 */
import type { Topic } from "./topic.ts";

/**
 * The engine is there and has said no: to a topic, or to a message. Brokers reject with it, so that a
 * refusal is told from a link that does not answer.
 */
export class BrokerRefusal extends Error {
  /** Create for what the engine has said. */
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : "refused", { cause });
    this.name = "BrokerRefusal";
  }
}

/** A node, as a {@linkcode Broker} sees it. */
export interface BrokerNode {
  /** The name of the service it serves. */
  readonly service: string;
  /** A message came on a topic. It is read at once; the bytes may be reused afterwards. */
  deliver(topic: Topic, message: Uint8Array): void;
  /**
   * The link to the engine came up or went down. After `"up"` the node subscribes to all of its topics
   * again, whether or not the engine remembers them. `"partial"` says that it is up, but that some nodes
   * are no longer heard; `"up"` afterwards, that they are again. `final` says that a link that is down will
   * not come up again.
   */
  link(state: "up" | "partial" | "down", error?: unknown, final?: boolean): void;
  /** The engine has ended a topic's subscription that it had agreed to. It is asked for again. */
  unsubscribed(topic: Topic, error: unknown): void;
  /** The engine has refused a message of so many events that `publish()` had taken. */
  refused(topic: Topic, events: number, error: unknown): void;
}

/**
 * Carries events between nodes over an engine such as NATS. One broker serves one server.
 *
 * It translates and no more: the node numbers its messages, drops what comes twice or from itself, holds
 * nothing back, proves the link and subscribes again. What the engine must do: carry messages of one node
 * on one topic in order, each at most once. What calls on one topic ask for happens in the order of the
 * calls.
 *
 * A call that throws or rejects has failed; it is counted, reported and, for subscriptions, tried again.
 */
export interface Broker {
  /** Bytes the largest message may have; absent or `undefined`, any number. Asked for each message. */
  readonly maxMessageBytes?: number | undefined;
  /**
   * Bytes of memory that a message on its way takes besides its own. Default: 256. Together with the
   * messages they are bounded by `maxBufferedBytes`.
   */
  readonly messageCostBytes?: number | undefined;
  /**
   * Messages whose `publish()` may be unsettled at a time; others wait in the node, where they take less
   * memory than in an engine's client. Default: any number.
   */
  readonly maxMessagesInFlight?: number | undefined;
  /** Begin, and tell the node when the link is up. Called once, and again after `close()`. */
  start(node: BrokerNode): void | PromiseLike<void>;
  /** Let a topic's messages come. Settles when the engine has agreed. Twice is once. */
  subscribe(topic: Topic): void | PromiseLike<void>;
  /** Stop them. */
  unsubscribe(topic: Topic): void | PromiseLike<void>;
  /**
   * Send a message of so many events; its bytes are not reused. A promise, if there is one, settles when
   * the message no longer takes memory: messages on the way are bounded by it.
   */
  publish(topic: Topic, message: Uint8Array, events: number): void | PromiseLike<void>;
  /**
   * Resolve when the engine has answered. The node proves its link once a second: by this, or else by a
   * message to itself on a topic of its own.
   */
  probe?(): PromiseLike<void>;
  /** The link has not proved itself in time: connect anew, where that can be done. */
  reset?(): void;
  /** Let go of the engine. What the user passed in stays open. */
  close?(): void | PromiseLike<void>;
}
