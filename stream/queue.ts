/**
 * {@linkcode queue}: what is pushed on one side is iterated on the other.
 *
 * @module
 */
import { cleanup } from "../wire/listener.ts";

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
  /** Its kind. */
  override name = "OverflowError";
}

/** How an item is read: an iteration's result. */
export type Result<T> = IteratorResult<T, undefined>;

/** What bounds a {@linkcode queue}. */
export interface QueueOptions {
  /** Items that may wait to be read. */
  readonly maxItems: number;
  /** Bytes of items that may wait to be read, if there is more than one. Default: any number. */
  readonly maxBytes?: number;
  /** What to do with one more. Default: `"drop-oldest"`. */
  readonly overflow?: Overflow | undefined;
  /** Ends it when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** Do something when a signal aborts, at once if it has; returns how to stop waiting for it. */
  readonly onAbort: (signal: AbortSignal | undefined, run: () => void) => () => void;
  /** Is told, once, that an item was lost. */
  readonly onDrop?: ((error: OverflowError) => void) | undefined;
}

/** The side that fills a queue. It does not hold the iterator. */
export interface Sink<T> {
  /** Hand an item of so many bytes to whoever waits, or keep it: `true` if so much is kept that a reader needs time. */
  push(item: T, bytes?: number): boolean | void;
  /** Accept nothing more. What is in the buffer can still be read. */
  end(): void;
}

/** The side that reads a queue. It ends when nobody holds it and nobody waits for an item. */
export interface QueueIterator<T> extends AsyncIterableIterator<T, undefined>, AsyncDisposable {
  /** Items that were lost because the buffer was full. */
  readonly dropped: number;
  /** Stop: the buffer is emptied. A `for await` loop that is left calls this. */
  return(): Promise<Result<T>>;
}

/** Ends what nobody holds any more. */
const forgotten: FinalizationRegistry<() => void> = /* @__PURE__ */ new FinalizationRegistry(
  (forget) => forget(),
);

/**
 * Make a bounded buffer, and the one iterator over it.
 *
 * @param start Is given the filling side, and returns how to stop filling it. It holds that side and not the
 * iterator, so that an iterator that nobody holds any more ends by itself.
 */
export function queue<T>(
  { maxItems, maxBytes = Infinity, overflow, signal, onAbort, onDrop }: QueueOptions,
  start: (sink: Sink<T>) => () => void,
): QueueIterator<T> {
  // What is kept before its reader is given time: a quarter of `maxQueuedEvents` by default, and so many bytes that
  // the largest event, of `maxDecodedBytes`, fits besides.
  const MANY_ITEMS = 4096;
  const MANY_BYTES = 4_194_304;
  /** What waits to be read, with its bytes. */
  let items: [value: T, bytes: number][] = [];
  let bytes = 0;
  let dropped = 0;
  let ended = false;
  let error: Error | undefined;
  let isForgotten = false;
  const done: Result<T> = { done: true, value: undefined };
  const waiting: ((result: Result<T>) => void)[] = [];
  const [defer, stop] = cleanup();
  /** Before the first is lost, though there be room for few. */
  const many = Math.min(MANY_ITEMS, maxItems - 1);

  const take = (): Result<T> => {
    const [value, size] = items.shift()!;
    bytes -= size;
    return { done: false, value };
  };
  const end = (): void => {
    ended = true;
    for (const resolve of waiting.splice(0)) resolve(done);
    stop();
  };
  const leave = (): Promise<Result<T>> => {
    items = [];
    bytes = 0;
    error = undefined;
    end();
    return Promise.resolve(done);
  };
  const forget = (): void => {
    isForgotten = true;
    if (!waiting[0]) void leave();
  };
  const push = (value: T, size = 0): boolean | void => {
    if (ended) return;
    while (items[0] && (items.length >= maxItems || bytes + size > maxBytes)) {
      if (++dropped === 1) {
        const lost = new OverflowError(
          `Over ${maxItems} items, ${maxBytes} bytes: choose a buffer or overflow`,
        );
        if (overflow === "close") {
          error = lost;
          return end();
        }
        onDrop?.(lost);
      }
      if (ended || overflow === "drop-newest") return;
      take();
    }
    bytes += size;
    const count = items.push([value, size]);
    const resolve = waiting.shift();
    if (resolve) {
      resolve(take());
      return isForgotten ? forget() : undefined;
    }
    // Once, as it comes to that: a reader that does not read is not waited for again.
    return count === many || (bytes > MANY_BYTES && bytes - size <= MANY_BYTES);
  };

  const iterator: QueueIterator<T> = {
    get dropped() {
      return dropped;
    },
    next: () =>
      new Promise((resolve, reject) => {
        if (items[0]) resolve(take());
        else if (error) {
          reject(error);
          error = undefined;
        } else if (ended) resolve(done);
        else waiting.push(resolve);
      }),
    return: leave,
    // By `this`: what a closure names, all closures here would hold.
    [Symbol.asyncIterator]() {
      return this;
    },
    [Symbol.asyncDispose]: leave as () => Promise<never>,
  };
  forgotten.register(iterator, forget);
  defer(onAbort(signal, end));
  defer(start({ push, end }));
  return iterator;
}
