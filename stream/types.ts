/**
 * The two sides of a stream of items, public and internal.
 *
 * @module
 */
import type { Timers } from "../wire/clock.ts";
import type { ItemTurns } from "./item_turns.ts";

/** The source of a stream's items: an array, a generator, any iterable, or a `ReadableStream`. */
export type StreamSource<T> = AsyncIterable<T> | Iterable<T> | ReadableStream<T>;

/**
 * The items of a stream, to be read once, with backpressure: an unread stream pauses its source and costs at most a
 * window of bytes.
 *
 * Leaving a `for await` loop notifies the other side, as do `return()` and `await using`. If the stream failed, it
 * rejects with the error after the items received before; at once and without them, if the call's `signal` has aborted,
 * or if it is a handler's whose call the client has cancelled.
 */
export interface ItemStream<T> extends AsyncIterableIterator<T, undefined>, AsyncDisposable {
  /** The next item. */
  next(): Promise<IteratorResult<T, undefined>>;
  /** Stop reading: buffered items are dropped and the other side is notified. */
  return(): Promise<IteratorResult<T, undefined>>;
  /**
   * The same items as a `ReadableStream`, which is another way to read them and not a second reader.
   *
   * @throws {TypeError} If they are already being read.
   */
  readonly readable: ReadableStream<T>;
}

/** The sender of an {@linkcode Outlet}'s items. */
export interface OutletPort {
  /** Runs the source's functions in the context of its call; absent: they run in any. */
  readonly runIn?: RunIn | undefined;
  /** Does something later, where the reader is not heard of meanwhile; returns how not to. */
  readonly after: Timers["after"];
  /** The streams of its connection. */
  readonly streams: {
    /**
     * Milliseconds since another message was last noticed, or other calls in flight: they wait behind the items.
     * Asked before each is sent, so that those of streams count as none.
     */
    readonly quietMs: number;
  };
  /** Whether the next item must wait, because much waits to be sent. The port then resumes the outlet. */
  mustWait(): boolean;
  /**
   * Write and send one item.
   *
   * @returns Bytes of its archive, or -1 if it was not sent and must wait. The port then resumes the outlet.
   * @throws {CodecError} If it is not of the item's type.
   * @throws {RangeError} If it is larger than the peer accepts.
   */
  send(item: unknown): number;
  /**
   * The source has ended, threw (`"source"`), or yielded an invalid item (`"item"`). Called once, and not after
   * {@linkcode Outlet.cancel}.
   */
  onEnd(error: unknown, failed: "source" | "item" | undefined): void;
  /**
   * The source has stopped after {@linkcode Outlet.cancel}, with its error, if any. Called once; never if the source
   * doesn't stop.
   */
  onStopped?(error: unknown): void;
}

/** Runs a function in a context. */
export type RunIn = <T>(run: () => T) => T;

/** The sending side of a stream: pulls a source while the reader has credit. */
export interface Outlet {
  /** Sent items. */
  readonly items: number;
  /** Bytes that were sent and not granted again: kept by its connection's shared window. */
  aheadBytes: number;
  /** Whether some were granted again: kept there too. */
  isRead: boolean;
  /**
   * The reader has room for so many bytes more.
   *
   * @param more Those of them by which its window is wider now. Default: none.
   * @throws {ProtocolError} If that is more than it can have.
   */
  grant(bytes: number, more?: number): void;
  /** Stop pulling until {@linkcode Outlet.resume}, regardless of credit. */
  pause(): void;
  /** Resume pulling. */
  resume(): void;
  /** Stop pulling and release the source. */
  cancel(reason?: unknown): void;
}

/**
 * Begin to pull a source, in a microtask.
 *
 * @throws {TypeError} If it is not iterable.
 */
export type OpenOutlet = (source: unknown, port: OutletPort) => Outlet;

/** The receiver behind an {@linkcode Inlet}. */
export interface InletPort {
  /** Bounds how long readers hold the event loop. Asked from the first item on. */
  readonly turns: ItemTurns;
  /** Whether the sender is to be told, once, that its stream is being read: all its streams share a window. */
  readonly isShared?: boolean;
  /**
   * Decode one item.
   *
   * @param isRaw Whether it came raw: bytes are the item themselves then, and another item's archive is all of them.
   * @throws {CodecError} If it is invalid.
   */
  decode(bytes: Uint8Array, start: number, end: number, isRaw: boolean): unknown;
  /** Why the reader gets no more of what has come: its call was cancelled. Asked while items wait for it. */
  readonly cancelled?: unknown;
  /** Bytes by which the first grant makes the window wider. Default: 0. */
  readonly moreBytes?: number | undefined;
  /** Grant so many bytes: those that the reader has consumed, and `more` by which the window is wider now. */
  grant(bytes: number, more: number): void;
  /** The reader stopped before the end, or an item failed to decode. Called once. */
  onLeft(reason: unknown): void;
}

/** The receiving side of a stream: keeps items until its reader takes them. */
export interface Inlet {
  /** The public reader. */
  readonly stream: ItemStream<unknown>;
  /** Received items. */
  readonly items: number;
  /** Bytes waiting for the reader; an empty item counts too. */
  readonly bufferedBytes: number;
  /**
   * An item came, as its archive.
   *
   * @param isRaw Whether it came raw, as all of a message: see `stream/raw.ts`.
   * @throws {ProtocolError} If there was no room for it.
   */
  push(bytes: Uint8Array, start: number, end: number, isRaw?: boolean): void;
  /** End the stream: the reader gets the waiting items, then the end or an error. */
  end(error?: unknown): void;
}
