/**
 * {@linkcode Subscriptions}: the topics of one connection.
 *
 * @module
 */
import type { Limits } from "../wire/limits.ts";
import { checkTopicBytes, type Topic, topicKey, toTopic } from "../wire/topic.ts";
import type { EventSwitch, Subscriber } from "./event_switch.ts";

/** Whose topics they are. */
export interface SubscriptionOwner extends Subscriber {
  /** Where events come from. */
  readonly events: Pick<EventSwitch<never>, "subscribe" | "unsubscribe">;
  /** How many topics there may be, and how many bytes each may have. */
  readonly limits: Pick<Limits, "maxSubscriptions" | "maxTopicBytes">;
  /** Whether its connection is ending. */
  readonly closing: boolean;
}

const NO_TOPICS: ReadonlyMap<string, Topic> = new Map();

/** The topics of one connection. Rust: `server.rs`, `HandlerSubscriptionManager`. */
export class Subscriptions {
  readonly #owner: SubscriptionOwner;
  /** Made with the first, and gone with the last. */
  #topics: Map<string, Topic> | undefined;

  /** Create for one connection. */
  constructor(owner: SubscriptionOwner) {
    this.#owner = owner;
  }

  /** How many there are. */
  get size(): number {
    return this.#topics?.size ?? 0;
  }

  /** Whether the client gets this topic's events. */
  has(topic: Topic | string): boolean {
    return this.#topics?.has(topicKey(topic)) === true;
  }

  /**
   * Let the client have this topic's events. Twice is once; does nothing once the connection has ended.
   *
   * Events of this node come at once. The promise is about those of other nodes, and may be ignored: it
   * resolves when they come too, at once where there is no broker, and rejects if they do not come yet.
   * The subscription stands in either case, and the broker is asked again.
   *
   * @throws {RangeError} At once, if there are `maxSubscriptions` already, or the topic has over `maxTopicBytes`.
   */
  add(topic: Topic | string): Promise<void> {
    const { events, limits: { maxSubscriptions, maxTopicBytes }, closing } = this.#owner;
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

  /** Stop this topic's events. */
  remove(topic: Topic | string): void {
    const topics = this.#topics;
    if (topics === undefined) return;
    const key = topicKey(topic);
    const removed = topics.get(key);
    if (removed === undefined) return;
    topics.delete(key);
    if (topics.size === 0) this.#topics = undefined;
    this.#owner.events.unsubscribe(removed, this.#owner);
  }

  /** The topics, in the order they were added. */
  [Symbol.iterator](): IterableIterator<Topic> {
    return (this.#topics ?? NO_TOPICS).values() as IterableIterator<Topic>;
  }

  /** The connection is ending: it adds no more. */
  close(): void {
    const topics = this.#topics;
    if (topics === undefined) return;
    this.#topics = undefined;
    for (const topic of topics.values()) this.#owner.events.unsubscribe(topic, this.#owner);
  }
}
