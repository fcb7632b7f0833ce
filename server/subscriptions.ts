/**
 * {@linkcode Subscriptions}: the topics of one connection.
 *
 * @module
 */
import { type Topic, topicKey, toTopic } from "../wire/topic.ts";
import type { EventSwitch, Subscriber } from "./event_switch.ts";

/** The topics of one connection. Rust: `server.rs`, `HandlerSubscriptionManager`. */
export class Subscriptions {
  readonly #topics = new Map<string, Topic>();
  readonly #switch: Pick<EventSwitch<unknown>, "subscribe" | "unsubscribe">;
  readonly #subscriber: Subscriber;
  readonly #max: number;
  #closed = false;

  /** Create for one connection. */
  constructor(
    events: Pick<EventSwitch<unknown>, "subscribe" | "unsubscribe">,
    subscriber: Subscriber,
    maxSubscriptions: number,
  ) {
    this.#switch = events;
    this.#subscriber = subscriber;
    this.#max = maxSubscriptions;
  }

  /** How many there are. */
  get size(): number {
    return this.#topics.size;
  }

  /** Whether the client gets this topic's events. */
  has(topic: Topic | string): boolean {
    return this.#topics.has(topicKey(topic));
  }

  /**
   * Let the client have this topic's events. Twice is once; does nothing once the connection has ended.
   *
   * Events of this node come at once. The promise is about those of other nodes, and may be ignored: it
   * resolves when they come too, at once where there is no broker, and rejects if they do not come yet.
   * The subscription stands in either case, and the broker is asked again.
   *
   * @throws {RangeError} At once, if there are `maxSubscriptions` already.
   */
  add(topic: Topic | string): Promise<void> {
    if (this.#closed) return Promise.resolve();
    const key = topicKey(topic);
    let added = this.#topics.get(key);
    if (added === undefined) {
      if (this.#topics.size >= this.#max) {
        throw new RangeError(
          `Cannot subscribe: ${this.#max} topics are, which is maxSubscriptions`,
        );
      }
      added = toTopic(topic);
      this.#topics.set(key, added);
    }
    return this.#switch.subscribe(added, this.#subscriber);
  }

  /** Stop this topic's events. */
  remove(topic: Topic | string): void {
    const key = topicKey(topic);
    const removed = this.#topics.get(key);
    if (removed === undefined) return;
    this.#topics.delete(key);
    this.#switch.unsubscribe(removed, this.#subscriber);
  }

  /** The topics, in the order they were added. */
  [Symbol.iterator](): IterableIterator<Topic> {
    return this.#topics.values();
  }

  /** The connection has ended. */
  close(): void {
    this.#closed = true;
    for (const topic of this.#topics.values()) this.#switch.unsubscribe(topic, this.#subscriber);
    this.#topics.clear();
  }
}
