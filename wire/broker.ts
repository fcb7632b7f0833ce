/**
 * The port for events between nodes.
 *
 * @module
 */
import type { Topic } from "./topic.ts";

/**
 * The engine refused a topic or a message. Brokers reject with it, to distinguish a refusal from a link that
 * doesn't answer.
 */
export class BrokerRefusal extends Error {
  /** Create with the engine's error text. */
  constructor(cause: unknown) {
    super(cause instanceof Error ? cause.message : "refused", { cause });
    this.name = "BrokerRefusal";
  }
}

/** A node, as seen by a {@linkcode Broker}. */
export interface BrokerNode {
  /** The name of its service. */
  readonly service: string;
  /** A message arrived on a topic. It is read synchronously; the bytes may be reused afterwards. */
  deliver(topic: Topic, message: Uint8Array): void;
  /**
   * The link to the engine changed. After `"up"` the node subscribes to all of its topics again, even if the
   * engine remembers them. `"partial"`: the link is up, but some nodes cannot be reached; `"up"` after it: they
   * can be reached again. `final`: the link is down for good.
   */
  link(state: "up" | "partial" | "down", error?: unknown, final?: boolean): void;
  /** The engine ended a confirmed subscription. The node subscribes again. */
  unsubscribed(topic: Topic, error: unknown): void;
  /** The engine refused a message of so many events that `publish()` had accepted. */
  refused(topic: Topic, events: number, error: unknown): void;
}

/**
 * Carries events between nodes over an engine such as NATS. One broker serves one server.
 *
 * A broker only translates. The node numbers its messages, drops duplicates and its own, tests the link and
 * subscribes again. The engine must deliver one node's messages on one topic in order, each at most once. Calls
 * for one topic take effect in the order of the calls.
 *
 * A call that throws or rejects has failed; it is counted, reported and, for subscriptions, tried again.
 */
export interface Broker {
  /** Largest message, in bytes; absent or `undefined`: no limit. Read for each message. */
  readonly maxMessageBytes?: number | undefined;
  /**
   * Memory overhead, in bytes, of a message in flight. Default: 256. `maxBufferedBytes` bounds messages and
   * overhead together.
   */
  readonly messageCostBytes?: number | undefined;
  /**
   * Most pending `publish()` calls; further messages wait in the node, where they take less memory than in an
   * engine's client. Default: no limit.
   */
  readonly maxMessagesInFlight?: number | undefined;
  /** Start, and notify the node when the link is up. Called once, and again after `close()`. */
  start(node: BrokerNode): void | PromiseLike<void>;
  /** Subscribe to a topic. Settles when the engine has confirmed it. Idempotent. */
  subscribe(topic: Topic): void | PromiseLike<void>;
  /** Unsubscribe from a topic. */
  unsubscribe(topic: Topic): void | PromiseLike<void>;
  /**
   * Send a message of so many events; its bytes are not reused. A returned promise settles when the message no
   * longer takes memory, which bounds the messages in flight.
   */
  publish(topic: Topic, message: Uint8Array, events: number): void | PromiseLike<void>;
  /**
   * Resolve when the engine has answered. The node tests its link once a second: by this if present, otherwise by
   * a message to itself on its own topic.
   */
  probe?(): PromiseLike<void>;
  /** The link failed its test: reconnect, if possible. */
  reset?(): void;
  /** Release the engine. Connections passed in by the user stay open. */
  close?(): void | PromiseLike<void>;
}
