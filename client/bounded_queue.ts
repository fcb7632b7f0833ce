/**
 * {@linkcode BoundedQueue}: what is pushed on one side is iterated on the other.
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

/** An iterator was not read fast enough: one with `overflow: "close"` has ended, another has lost items. */
export class OverflowError extends Error {
  /** Create with words for a person. */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "OverflowError";
  }
}

/** Iterators of one client, or watchers of its state, above which some are taken for forgotten. */
export const MANY_ITERATORS = 1000;

/** Says that there are {@linkcode MANY_ITERATORS}. */
export function tooMany(what: string): Error {
  return new Error(
    `${MANY_ITERATORS} ${what} are waited for: end what is forgotten by return() or a signal`,
  );
}

/** How an item is read: an iteration's result. */
export type Result<T> = IteratorResult<T, undefined>;

/** What bounds a {@linkcode BoundedQueue}. */
export interface QueueOptions {
  /** Items that may wait to be read. */
  readonly maxItems: number;
  /** Bytes of items that may wait to be read, if there is more than one. */
  readonly maxBytes: number;
  /** What to do with one more. */
  readonly overflow: Overflow;
  /** Ends it when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** Is told, once, that an item was lost. */
  readonly onDrop?: ((error: OverflowError) => void) | undefined;
}

/**
 * A bounded buffer, filled with {@linkcode BoundedQueue.push} and read by its
 * {@linkcode BoundedQueue.iterate | iterator}.
 *
 * Those who fill it hold the buffer and not the iterator, so that an iterator that nobody holds any more
 * ends by itself. One that is waited for is held by who waits.
 */
export class BoundedQueue<T> {
  #items: (T | undefined)[] = [];
  #sizes: number[] = [];
  /** The first of the items that has not been read. */
  #first = 0;
  #bytes = 0;
  readonly #waiting: ((result: Result<T> | Promise<Result<T>>) => void)[] = [];
  readonly #options: QueueOptions;
  readonly #cleanup: Cleanup = new Cleanup();
  #ended = false;
  #forgotten = false;
  #error: Error | undefined;
  /** Items that were lost because the buffer was full. */
  dropped = 0;

  /** Create an empty one. */
  constructor(options: QueueOptions) {
    this.#options = options;
    this.onEnd(onAbort(options.signal, () => this.end()));
  }

  /** Run this when nothing more will be accepted. */
  onEnd(step: () => void): void {
    this.#cleanup.add(step);
  }

  /** Hand an item of so many bytes to whoever waits, or keep it. */
  push(item: T, bytes = 0): void {
    if (this.#ended) return;
    const waiter = this.#waiting.shift();
    if (waiter !== undefined) {
      waiter({ done: false, value: item });
      if (this.#forgotten && this.#waiting.length === 0) this.end();
      return;
    }
    const { maxItems, maxBytes, overflow, onDrop } = this.#options;
    while (this.length > 0 && (this.length >= maxItems || this.#bytes + bytes > maxBytes)) {
      if (++this.dropped === 1) {
        const error = new OverflowError(
          `Cannot keep more than ${maxItems} items, or ${maxBytes} bytes of them: read faster, or choose another buffer or overflow`,
        );
        if (overflow === "close") return this.end(error);
        onDrop?.(error);
      }
      if (this.#ended || overflow === "drop-newest") return;
      this.take();
    }
    this.#items.push(item);
    this.#sizes.push(bytes);
    this.#bytes += bytes;
  }

  /** Items that wait to be read. */
  get length(): number {
    return this.#items.length - this.#first;
  }

  /** Push what waits here to another. */
  copyTo(other: BoundedQueue<T>, isWanted: (item: T) => boolean): void {
    for (let i = this.#first; i < this.#items.length; i++) {
      const item = this.#items[i] as T;
      if (isWanted(item)) other.push(item, this.#sizes[i]);
    }
  }

  /** The next item; there must be one. */
  take(): T {
    const at = this.#first++;
    const item = this.#items[at] as T;
    this.#items[at] = undefined;
    this.#bytes -= this.#sizes[at] as number;
    if (this.#first * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#first);
      this.#sizes = this.#sizes.slice(this.#first);
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
      if (this.length > 0) resolve({ done: false, value: this.take() });
      else if (this.#ended) resolve(this.#last());
      else this.#waiting.push(resolve);
    });
  }

  /** Stop: the buffer is emptied. */
  return(): Promise<Result<T>> {
    this.#items = [];
    this.#sizes = [];
    this.#first = this.#bytes = 0;
    this.end();
    this.#error = undefined;
    return this.#last();
  }

  /** Nobody holds the iterator: end, as soon as nobody waits for an item. */
  forget(): void {
    this.#forgotten = true;
    if (this.#waiting.length === 0) void this.return();
  }
}
