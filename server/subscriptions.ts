/**
 * {@linkcode Subscriptions}: the topics of one connection.
 *
 * @module
 */
import type { Limits } from "../wire/limits.ts";
import { checkTopicBytes, type Topic, topicKey, toTopic } from "../wire/topic.ts";
import type { EventSwitch, Subscriber } from "./event_switch.ts";

/** A connection, as its topics know it. */
export interface SubscriptionsOwner extends Subscriber {
  readonly host: { readonly events: EventSwitch; readonly limits: Limits };
  /** Whether it is ending. */
  readonly closing: boolean;
}

const NO_TOPICS: ReadonlyMap<string, Topic> = new Map();

/** The topics of one connection. Rust: `server.rs`, `HandlerSubscriptionManager`. */
export class Subscriptions {
  readonly #owner: SubscriptionsOwner;
  /** Created with the first topic, dropped with the last. */
  #topics: Map<string, Topic> | undefined;

  /** Create for one connection. */
  constructor(owner: SubscriptionsOwner) {
    this.#owner = owner;
  }

  /** How many there are. */
  get size(): number {
    return this.#topics?.size ?? 0;
  }

  /** Whether the client is subscribed to this topic. */
  has(topic: Topic | string): boolean {
    return this.#topics?.has(topicKey(topic)) === true;
  }

  /**
   * Subscribe the client to a topic. Idempotent; does nothing after the connection has ended.
   *
   * Events of this node arrive at once. The promise concerns those of other nodes and may be ignored: it resolves
   * when they arrive too (at once without a broker) and rejects if they don't arrive yet. In either case the
   * subscription stands, and the broker is retried.
   *
   * @throws {RangeError} Synchronously, if there are `maxSubscriptions`, or the topic has over `maxTopicBytes`.
   */
  add(topic: Topic | string): Promise<void> {
    const { host: { events, limits: { maxSubscriptions, maxTopicBytes } }, closing } = this.#owner;
    if (closing) return Promise.resolve();
    checkTopicBytes(topic, maxTopicBytes);
    const key = topicKey(topic);
    let added = this.#topics?.get(key);
    if (added === undefined) {
      if (this.size >= maxSubscriptions) {
        throw new RangeError(
          `Cannot subscribe: ${maxSubscriptions} topics are, which is maxSubscriptions`,
        );
      }
      added = toTopic(topic);
      (this.#topics ??= new Map()).set(key, added);
    }
    return events.subscribe(added, this.#owner);
  }

  /** Unsubscribe from a topic. */
  remove(topic: Topic | string): void {
    const topics = this.#topics;
    if (topics === undefined) return;
    const key = topicKey(topic);
    const removed = topics.get(key);
    if (removed === undefined) return;
    topics.delete(key);
    if (topics.size === 0) this.#topics = undefined;
    this.#owner.host.events.unsubscribe(removed, this.#owner);
  }

  /** The topics, in the order they were added. */
  [Symbol.iterator](): IterableIterator<Topic> {
    return (this.#topics ?? NO_TOPICS).values() as IterableIterator<Topic>;
  }

  /** The connection is ending: add no more. */
  close(): void {
    const topics = this.#topics;
    if (topics === undefined) return;
    this.#topics = undefined;
    for (const topic of topics.values()) this.#owner.host.events.unsubscribe(topic, this.#owner);
  }
}
