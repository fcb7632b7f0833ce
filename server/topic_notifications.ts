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

type Result = IteratorResult<TopicNotification, undefined>;

const OVER: Result = { value: undefined, done: true };

/** What waits for one consumer, who may have gone without a word. */
export class NotificationQueue {
  /** Notifications that were dropped because the consumer was too slow. */
  dropped = 0;
  #queue: TopicNotification[] = [];
  readonly #waiting: ((result: Result) => void)[] = [];
  #done = false;
  #forgotten = false;
  readonly #onReturn: (self: NotificationQueue) => void;

  /** Create; `onReturn` is called when the consumer has had enough. */
  constructor(onReturn: (self: NotificationQueue) => void) {
    this.#onReturn = onReturn;
  }

  /** Add one. */
  push(notification: TopicNotification): void {
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) {
      waiting({ value: notification, done: false });
      if (this.#forgotten) this.forget();
      return;
    }
    if (this.#queue.length === MAX_QUEUED_NOTIFICATIONS) {
      this.#queue.shift();
      this.dropped++;
    }
    this.#queue.push(notification);
  }

  /** No more will come. What is queued can still be read. */
  end(): void {
    this.#done = true;
    for (const waiting of this.#waiting.splice(0)) waiting(OVER);
  }

  /** The next notification. */
  next(): Promise<Result> {
    const value = this.#queue.shift();
    if (value !== undefined) return Promise.resolve({ value, done: false });
    if (this.#done) return Promise.resolve(OVER);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Stop. */
  return(): void {
    this.#queue = [];
    this.end();
    this.#onReturn(this);
  }

  /** Nobody holds the iterator: stop, as soon as nobody waits for a notification. */
  forget(): void {
    this.#forgotten = true;
    if (this.#waiting.length === 0) this.return();
  }
}

/** Ends what nobody holds any more, where that can be known. */
const forgotten = typeof FinalizationRegistry === "undefined"
  ? undefined
  : new FinalizationRegistry<NotificationQueue>((queue) => queue.forget());

/**
 * The notifications since this was asked for, one after the other. Ends with the server, when its loop is
 * left, by `return()`, and at some time after nobody holds it any more.
 *
 * At most {@linkcode MAX_QUEUED_NOTIFICATIONS} wait; {@linkcode TopicNotifications.dropped} counts the rest.
 */
export class TopicNotifications implements AsyncIterableIterator<TopicNotification> {
  readonly #queue: NotificationQueue;

  /** Create the one iterator of a queue. */
  constructor(queue: NotificationQueue) {
    this.#queue = queue;
    forgotten?.register(this, queue);
  }

  /** Notifications that were dropped because the consumer was too slow. */
  get dropped(): number {
    return this.#queue.dropped;
  }

  /** The next notification. */
  next(): Promise<IteratorResult<TopicNotification, undefined>> {
    return this.#queue.next();
  }

  /** Stop. */
  return(): Promise<IteratorResult<TopicNotification, undefined>> {
    this.#queue.return();
    return Promise.resolve(OVER);
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
