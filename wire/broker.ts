/**
 * The port through which events reach other nodes.
 *
 * @module
 */
import type { Topic } from "./topic.ts";

/** A node, as a {@linkcode Broker} sees it. */
export interface BrokerNode {
  /** A message came on a topic. It is read at once; the bytes may be reused afterwards. */
  deliver(topic: Topic, message: Uint8Array): void;
  /**
   * The link to the engine came up or went down. After `"up"` the node subscribes to all of its topics
   * again, whether or not the engine remembers them.
   */
  link(state: "up" | "down", error?: unknown): void;
}

/**
 * Carries events between nodes over an engine such as NATS. One broker serves one server.
 *
 * It translates and no more: the node numbers its messages, drops what comes twice or from itself, holds
 * nothing back and subscribes again. What the engine must do: carry messages of one node on one topic in
 * order, each at most once. What calls on one topic ask for happens in the order of the calls.
 *
 * A call that throws or rejects has failed; it is counted, reported and, for subscriptions, tried again.
 */
export interface Broker {
  /** Begin, and tell the node when the link is up. Called once. */
  start(node: BrokerNode): void | PromiseLike<void>;
  /** Let a topic's messages come. Settles when the engine has agreed. Twice is once. */
  subscribe(topic: Topic): void | PromiseLike<void>;
  /** Stop them. */
  unsubscribe(topic: Topic): void | PromiseLike<void>;
  /**
   * Send a message; its bytes are not reused. A promise, if there is one, settles when the message no
   * longer takes memory: messages on the way are bounded by it.
   */
  publish(topic: Topic, message: Uint8Array): void | PromiseLike<void>;
  /** Let go of the engine. What the user passed in stays open. */
  close?(): void | PromiseLike<void>;
}
