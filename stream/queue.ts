/**
 * {@linkcode queue}: a bounded queue that is pushed on one side and iterated on the other.
 *
 * @module
 */
import { cleanup } from "../wire/listener.ts";

/** The reaction to an item when the buffer is full. */
export type Overflow =
  /** Drop the oldest item in the buffer. */
  | "drop-oldest"
  /** Drop the item. */
  | "drop-newest"
  /** End the iteration with {@linkcode OverflowError}, after the buffered items. */
  | "close";

/** An iterator was not read fast enough: one with `overflow: "close"` has ended, another has lost items. */
export class OverflowError extends Error {
  /** Its kind. */
  override name = "OverflowError";
}

/** An iteration's result. */
export type Result<T> = IteratorResult<T, undefined>;

/** The limits of a {@linkcode queue}. */
export interface QueueOptions<T> {
  /** Most buffered items. */
  readonly maxItems: number;
  /** Most bytes of buffered items, if there is more than one. Default: no limit. */
  readonly maxBytes?: number;
  /** The reaction to overflow. Default: `"drop-oldest"`. */
  readonly overflow?: Overflow | undefined;
  /** Ends it when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** Call a function when a signal aborts, at once if it has; returns a function that unsubscribes. */
  readonly onAbort: (signal: AbortSignal | undefined, run: () => void) => () => void;
  /** What waits to be read, with its bytes, for those who look into the queue. */
  readonly items?: [value: T, bytes: number][] | undefined;
  /** Called at the first lost item. */
  readonly onDrop?: ((error: OverflowError) => void) | undefined;
}

/** The side that fills a queue. It doesn't reference the iterator. */
export interface Sink<T> {
  /** Pass an item of so many bytes to a waiting reader, or buffer it: `true` if the reader needs time to catch up. */
  push(item: T, bytes?: number): boolean | void;
  /** Accept nothing more. What is in the buffer can still be read. */
  end(): void;
}

/** The side that reads a queue. It ends when it was garbage-collected and no read is pending. */
export interface QueueIterator<T> extends AsyncIterableIterator<T, undefined>, AsyncDisposable {
  /** Items lost because the buffer was full. */
  readonly dropped: number;
  /** Stop and empty the buffer. Leaving a `for await` loop calls this. */
  return(): Promise<Result<T>>;
}

/** Ends garbage-collected iterators. */
const forgotten: FinalizationRegistry<() => unknown> = /* @__PURE__ */ new FinalizationRegistry(
  (forget) => forget(),
);

/**
 * Make a bounded buffer, and the one iterator over it.
 *
 * @param start Receives the filling side and returns a function that stops it. It references that side and not the
 * iterator, so that an unreferenced iterator ends by itself.
 */
export function queue<T>(
  { maxItems, maxBytes = Infinity, overflow, signal, onAbort, onDrop, items = [] }: QueueOptions<T>,
  start: (push: Sink<T>["push"], end: Sink<T>["end"]) => () => void,
): QueueIterator<T> {
  // What is kept before its reader is given time: a quarter of `maxQueuedEvents` by default, and so many bytes that
  // the largest event, of `maxDecodedBytes`, fits besides.
  const MANY_ITEMS = 4096;
  const MANY_BYTES = 4_194_304;
  let bytes = 0;
  let dropped = 0;
  let ended = false;
  let error: Error | undefined;
  const done: Result<T> = { done: true, value: undefined };
  /** The first read under way, and those behind it: an array that is filled and emptied is slow. */
  let reading: ((result: Result<T>) => void) | undefined;
  let waiting: (typeof reading)[] | undefined;
  /** The iterator while a read is under way: it is not collected before. */
  let held: unknown;
  const [defer, stop] = cleanup();
  /** Before the first loss, even if the buffer is small. */
  const many = Math.min(MANY_ITEMS, maxItems - 1);

  const take = (): Result<T> => {
    const [value, size] = items.shift()!;
    bytes -= size;
    return { done: false, value };
  };
  /** Answer the first read, if there is one. */
  const answer = (result: Result<T>): unknown => {
    const read = reading;
    if (!(reading = waiting?.shift())) held = reading;
    read?.(result);
    return read;
  };
  const end = (): void => {
    ended = true;
    while (answer(done));
    forgotten.unregister(done);
    stop();
  };
  const leave = (): Promise<Result<T>> => {
    items.length = bytes = 0;
    error = undefined;
    end();
    return Promise.resolve(done);
  };
  const push = (value: T, size = 0): boolean | void => {
    // Whoever waits has read everything.
    if (ended || (held && answer({ done: false, value }))) return;
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
    // Only once: a reader that doesn't read is not waited for again.
    return count === many || (bytes > MANY_BYTES && bytes - size <= MANY_BYTES);
  };

  const iterator: QueueIterator<T> = {
    get dropped() {
      return dropped;
    },
    next() {
      return new Promise((resolve, reject) => {
        if (items.length) resolve(take());
        else if (error) {
          reject(error);
          error = undefined;
        } else if (ended) resolve(done);
        else {
          if (held) (waiting ??= []).push(resolve);
          else reading = resolve;
          held = this;
        }
      });
    },
    return: leave,
    // By `this`: all closures here share the variables that one of them captures.
    [Symbol.asyncIterator]() {
      return this;
    },
    [Symbol.asyncDispose]: leave as () => Promise<never>,
  };
  forgotten.register(iterator, leave, done);
  defer(onAbort(signal, end));
  defer(start(push, end));
  return iterator;
}
