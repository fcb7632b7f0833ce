/**
 * {@linkcode BoundedIterator}: what is pushed on one side is iterated on the other.
 *
 * @module
 */

import { Cleanup, onAbort } from "./cleanup.ts";

/** What to do with an item that finds the buffer full. */
export type Overflow =
  /** Forget the oldest item in the buffer. */
  | "drop-oldest"
  /** Forget the item. */
  | "drop-newest"
  /** End the iteration with {@linkcode OverflowError}, after what is in the buffer. */
  | "close";

/** An iterator with `overflow: "close"` was not read fast enough. */
export class OverflowError extends Error {
  /** Create with words for a person. */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "OverflowError";
  }
}

type Result<T> = IteratorResult<T, undefined>;

/** An async iterator over a buffer of bounded length, filled with {@linkcode BoundedIterator.push}. */
export class BoundedIterator<T> implements AsyncIterableIterator<T, undefined> {
  #items: T[] = [];
  /** The first of the items that has not been read: those before it are cut off in one go. */
  #first = 0;
  readonly #waiting: ((result: Result<T> | Promise<Result<T>>) => void)[] = [];
  readonly #maxItems: number;
  readonly #overflow: Overflow;
  readonly #cleanup: Cleanup = new Cleanup();
  #ended = false;
  #error: Error | undefined;
  #dropped = 0;

  /**
   * Create an empty one.
   *
   * @param maxItems Items that may wait to be read.
   * @param overflow What to do with one more.
   * @param signal Ends it when it aborts.
   */
  constructor(maxItems: number, overflow: Overflow, signal?: AbortSignal) {
    this.#maxItems = maxItems;
    this.#overflow = overflow;
    this.onEnd(onAbort(signal, () => this.end()));
  }

  /** Run this when nothing more will be accepted. */
  onEnd(step: () => void): void {
    this.#cleanup.add(step);
  }

  /** Items that were lost because the buffer was full. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Hand an item to whoever waits, or keep it. */
  push(item: T): void {
    if (this.#ended) return;
    const waiter = this.#waiting.shift();
    if (waiter !== undefined) return waiter({ done: false, value: item });
    if (this.#items.length - this.#first >= this.#maxItems) {
      this.#dropped++;
      if (this.#overflow === "drop-newest") return;
      if (this.#overflow === "close") {
        return this.end(
          new OverflowError(`Cannot keep more than ${this.#maxItems} items: read them faster`),
        );
      }
      this.#take();
    }
    this.#items.push(item);
  }

  #take(): T {
    const item = this.#items[this.#first++] as T;
    if (this.#first > this.#maxItems || this.#first === this.#items.length) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    return item;
  }

  /** Accept nothing more. What is in the buffer can still be read; then comes the error, if any. */
  end(error?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    for (const waiter of this.#waiting.splice(0)) waiter(this.#last());
    this.#cleanup.run();
  }

  #last(): Promise<Result<T>> {
    const error = this.#error;
    this.#error = undefined;
    return error === undefined
      ? Promise.resolve({ done: true, value: undefined })
      : Promise.reject(error);
  }

  /** The next item, as soon as there is one. */
  next(): Promise<Result<T>> {
    return new Promise((resolve) => {
      if (this.#items.length > 0) resolve({ done: false, value: this.#take() });
      else if (this.#ended) resolve(this.#last());
      else this.#waiting.push(resolve);
    });
  }

  /** Stop: the buffer is emptied. A `for await` loop that is left calls this. */
  return(): Promise<Result<T>> {
    this.#items = [];
    this.#first = 0;
    this.end();
    this.#error = undefined;
    return this.#last();
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
