/**
 * {@linkcode BoundedIterator}: the reading side of a {@linkcode BoundedQueue}.
 *
 * @module
 */

import type { BoundedQueue, Result } from "./bounded_queue.ts";

/** Ends what nobody holds any more, where that can be known. */
const forgotten = typeof FinalizationRegistry === "undefined"
  ? undefined
  : new FinalizationRegistry<{ forget(): void }>((queue) => queue.forget());

/** An async iterator over what is pushed to a queue. Ends the queue when nobody holds it. */
export class BoundedIterator<T> implements AsyncIterableIterator<T, undefined> {
  readonly #queue: BoundedQueue<T>;

  /** Create the one iterator of a queue. */
  constructor(queue: BoundedQueue<T>) {
    this.#queue = queue;
    forgotten?.register(this, queue, queue);
    queue.onEnd(() => forgotten?.unregister(queue));
  }

  /** Items that were lost because the buffer was full. */
  get dropped(): number {
    return this.#queue.dropped;
  }

  /** The next item, as soon as there is one. */
  next(): Promise<Result<T>> {
    return this.#queue.next();
  }

  /** Stop: the buffer is emptied. A `for await` loop that is left calls this. */
  return(): Promise<Result<T>> {
    return this.#queue.return();
  }

  /** Itself. */
  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The same as {@linkcode BoundedIterator.return}, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}
