/**
 * {@linkcode openOutlet}: the sending end of a stream.
 *
 * @module
 */
import { describeValue } from "../codec/describe.ts";
import { isThenable } from "../wire/listener.ts";
import type { Outlet, OutletPort } from "./types.ts";
import { ITEM_COST_BYTES, overCredit, STREAM_WINDOW_BYTES } from "./window.ts";

/** All kinds of sources, as they are pulled. */
interface Pulled {
  next(): unknown;
  return?(reason?: unknown): unknown;
}

type Read = () => unknown;

/** Find out how to pull what was given. Throws `TypeError` if it cannot be. */
function pulledFrom(source: unknown): Pulled {
  if (typeof source === "object" && source !== null) {
    // First: not every page's streams can be iterated.
    if ("getReader" in source && typeof source.getReader === "function") {
      const reader = (source as ReadableStream<unknown>).getReader();
      return { next: () => reader.read(), return: (reason) => reader.cancel(reason) };
    }
    const { [Symbol.asyncIterator]: inTime, [Symbol.iterator]: atOnce } = source as {
      readonly [Symbol.asyncIterator]?: Read;
      readonly [Symbol.iterator]?: Read;
    };
    const iterator = (inTime ?? atOnce)?.call(source) as Pulled | undefined;
    if (typeof iterator?.next === "function") return iterator;
  }
  throw new TypeError(
    "Cannot stream it: expected an array, a generator, what else can be iterated, or a ReadableStream, got " +
      describeValue(source),
  );
}

/**
 * Pulls a source for as long as its reader has room, one item at a time: an item that was pulled is sent as soon
 * as this is not paused, so that room may go below 0 by one. Nothing is made for an item but what its source makes.
 */
class Pump implements Outlet {
  items = 0;
  readonly #source: Pulled;
  readonly #port: OutletPort;
  #room = STREAM_WINDOW_BYTES;
  #paused = false;
  /** What was pulled and not sent, since it came while this was paused: in an array, whatever it is. */
  #held: [item: unknown] | undefined;
  /** Whether nothing is to be pulled any more. */
  #over = false;
  /** Whether `next()` is running, or its promise is under way. */
  #pulling = false;
  /** Whether `next()` is running: a generator cannot be told to return meanwhile. */
  #inside = false;
  /** Whether an item is being sent, and its bytes are not yet known. */
  #sending = false;
  /** Whether it is known how the source has stopped. */
  #stopped = false;
  #reason: unknown;

  constructor(source: unknown, port: OutletPort) {
    this.#source = pulledFrom(source);
    this.#port = port;
    // Whoever opened it has to know it before the first item goes.
    Promise.resolve().then(() => this.#pull());
  }

  grant(bytes: number): void {
    if (this.#over) return;
    const room = this.#room + bytes;
    if (room > STREAM_WINDOW_BYTES && !this.#sending) {
      throw overCredit("more room for a stream than it can have");
    }
    this.#room = room;
    this.#pull();
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#pull();
  }

  cancel(reason?: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#held = undefined;
    this.#reason = reason;
    if (!this.#inside) this.#leave();
  }

  #pull(): void {
    if (this.#held !== undefined && !this.#paused) {
      const [item] = this.#held;
      this.#held = undefined;
      this.#send(item);
    }
    while (!this.#pulling && !this.#sending && !this.#over && !this.#paused && this.#room > 0) {
      let result: unknown;
      this.#pulling = this.#inside = true;
      try {
        result = this.#source.next();
      } catch (error) {
        this.#inside = this.#pulling = false;
        this.#onThrown(error);
        return;
      }
      this.#inside = false;
      const isCancelled = this.#over;
      // What it comes to is looked at in any case: nobody else would hear of a rejection.
      if (isThenable(result)) Promise.resolve(result).then(this.#onResult, this.#onThrown);
      else this.#onResult(result, true);
      if (isCancelled) this.#leave();
    }
  }

  readonly #onResult = (result: unknown, atOnce?: boolean): void => {
    this.#pulling = false;
    if (this.#over) return;
    let item: unknown;
    try {
      const { done, value } = result as IteratorResult<unknown>;
      if (done) return this.#end(undefined, undefined);
      item = value;
      if (atOnce && isThenable(item)) {
        this.#pulling = true;
        Promise.resolve(item).then(this.#onPromised, this.#onItemFailed);
        return;
      }
    } catch (error) {
      return this.#end(error, "source");
    }
    this.#send(item);
    if (!atOnce) this.#pull();
  };

  /** The items of what is iterated at once may be promises. */
  readonly #onPromised = (item: unknown): void => {
    this.#pulling = false;
    if (this.#over) return;
    this.#send(item);
    this.#pull();
  };

  readonly #onItemFailed = (error: unknown): void => {
    this.#pulling = false;
    if (this.#over) return;
    this.#end(error, "source");
    this.#leave();
  };

  readonly #onThrown = (error: unknown): void => {
    this.#pulling = false;
    if (!this.#over) return this.#end(error, "source");
    // A source that throws has returned.
    this.#onStopped(error);
  };

  #send(item: unknown): void {
    if (this.#paused) {
      this.#held = [item];
      return;
    }
    let bytes: number;
    this.#sending = true;
    try {
      bytes = this.#port.send(item);
    } catch (error) {
      this.#sending = false;
      if (this.#over) return;
      this.#end(error, "item");
      return this.#leave();
    }
    this.#sending = false;
    this.items++;
    this.#room -= bytes + ITEM_COST_BYTES;
  }

  #end(error: unknown, failed: "source" | "item" | undefined): void {
    this.#over = this.#stopped = true;
    this.#port.onEnd(error, failed);
  }

  /** Have the source let go of what it holds: once. */
  #leave(): void {
    let left: unknown;
    try {
      left = this.#source.return?.(this.#reason);
    } catch (error) {
      return this.#onStopped(error);
    }
    if (!isThenable(left)) return this.#onStopped();
    Promise.resolve(left).then(() => this.#onStopped(), (error) => this.#onStopped(error));
  }

  #onStopped(error?: unknown): void {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#port.onStopped?.(error);
  }
}

/**
 * Pull a source and have its items sent. It begins in a microtask.
 *
 * @throws {TypeError} If it cannot be iterated.
 */
export function openOutlet(source: unknown, port: OutletPort): Outlet {
  return new Pump(source, port);
}
