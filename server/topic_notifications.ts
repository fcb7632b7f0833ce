/**
 * {@linkcode TopicNotifications}: which topics somebody listens to.
 *
 * @module
 */
import type { Topic } from "../wire/topic.ts";

/** A topic got its first subscriber, or lost its last. Rust: `server.rs`, `TopicNotification`. */
export interface TopicNotification {
  /** Which of the two. */
  readonly type: "created" | "removed";
  /** The topic. */
  readonly topic: Topic;
}

/** Notifications that wait for one consumer; when more do, the oldest are dropped and counted. */
export const MAX_QUEUED_NOTIFICATIONS = 4096;

/**
 * The notifications since this was asked for, one after the other. Ends with the server.
 *
 * At most {@linkcode MAX_QUEUED_NOTIFICATIONS} wait; {@linkcode TopicNotifications.dropped} counts the rest.
 */
export class TopicNotifications implements AsyncIterableIterator<TopicNotification> {
  /** Notifications that were dropped because the consumer was too slow. */
  dropped = 0;
  #queue: TopicNotification[] = [];
  #waiting: ((result: IteratorResult<TopicNotification, undefined>) => void)[] = [];
  #done = false;
  readonly #onReturn: (self: TopicNotifications) => void;

  /** Create; `onReturn` is called when the consumer has had enough. */
  constructor(onReturn: (self: TopicNotifications) => void) {
    this.#onReturn = onReturn;
  }

  /** Add one. */
  push(notification: TopicNotification): void {
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) return waiting({ value: notification, done: false });
    if (this.#queue.length === MAX_QUEUED_NOTIFICATIONS) {
      this.#queue.shift();
      this.dropped++;
    }
    this.#queue.push(notification);
  }

  /** No more will come. What is queued can still be read. */
  end(): void {
    this.#done = true;
    for (const waiting of this.#waiting.splice(0)) waiting({ value: undefined, done: true });
  }

  /** The next notification. */
  next(): Promise<IteratorResult<TopicNotification, undefined>> {
    const value = this.#queue.shift();
    if (value !== undefined) return Promise.resolve({ value, done: false });
    if (this.#done) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Stop. */
  return(): Promise<IteratorResult<TopicNotification, undefined>> {
    this.#queue = [];
    this.end();
    this.#onReturn(this);
    return Promise.resolve({ value: undefined, done: true });
  }

  /** Itself. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Stop. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}
