/**
 * {@linkcode BoundedIterator}: what is pushed on one side is iterated on the other.
 *
 * @module
 */

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

interface Waiter<T> {
  resolve(result: IteratorResult<T, undefined>): void;
  reject(error: unknown): void;
}

/** An async iterator over a buffer of bounded length, filled with {@linkcode BoundedIterator.push}. */
export class BoundedIterator<T> implements AsyncIterableIterator<T, undefined> {
  #items: T[] = [];
  /** The first of the items that has not been read: those before it are cut off in one go. */
  #first = 0;
  readonly #waiting: Waiter<T>[] = [];
  readonly #maxItems: number;
  readonly #overflow: Overflow;
  readonly #onEnd: () => void;
  #ended = false;
  #error: Error | undefined;
  #dropped = 0;

  /**
   * Create an empty one.
   *
   * @param maxItems Items that may wait to be read.
   * @param overflow What to do with one more.
   * @param onEnd Called once, when nothing more will be accepted.
   */
  constructor(maxItems: number, overflow: Overflow, onEnd: () => void) {
    this.#maxItems = maxItems;
    this.#overflow = overflow;
    this.#onEnd = onEnd;
  }

  /** Items that were lost because the buffer was full. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Hand an item to whoever waits, or keep it. */
  push(item: T): void {
    if (this.#ended) return;
    const waiter = this.#waiting.shift();
    if (waiter !== undefined) return waiter.resolve({ done: false, value: item });
    if (this.#items.length - this.#first < this.#maxItems) {
      this.#items.push(item);
      return;
    }
    this.#dropped++;
    if (this.#overflow === "drop-oldest") {
      this.#take();
      this.#items.push(item);
    } else if (this.#overflow === "close") {
      this.end(
        new OverflowError(`Cannot keep more than ${this.#maxItems} items: read them faster`),
      );
    }
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
    for (const waiter of this.#waiting.splice(0)) this.#finish(waiter);
    this.#onEnd();
  }

  #finish(waiter: Waiter<T>): void {
    const error = this.#error;
    this.#error = undefined;
    if (error !== undefined) waiter.reject(error);
    else waiter.resolve({ done: true, value: undefined });
  }

  /** The next item, as soon as there is one. */
  next(): Promise<IteratorResult<T, undefined>> {
    return new Promise((resolve, reject) => {
      if (this.#items.length > 0) resolve({ done: false, value: this.#take() });
      else if (this.#ended) this.#finish({ resolve, reject });
      else this.#waiting.push({ resolve, reject });
    });
  }

  /** Stop: the buffer is emptied. A `for await` loop that is left calls this. */
  return(): Promise<IteratorResult<T, undefined>> {
    this.#items = [];
    this.#first = 0;
    this.end();
    this.#error = undefined;
    return Promise.resolve({ done: true, value: undefined });
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

/** Do something when a signal aborts, at once if it has; returns how to stop waiting for it. */
export function onAbort(signal: AbortSignal | undefined, run: () => void): () => void {
  if (signal === undefined) return () => {};
  if (signal.aborted) {
    run();
    return () => {};
  }
  signal.addEventListener("abort", run, { once: true });
  return () => signal.removeEventListener("abort", run);
}
