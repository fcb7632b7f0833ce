/**
 * The two ends of a stream of items, as users see them and as those who carry items do.
 *
 * @module
 */
import type { Timers } from "../wire/clock.ts";

/** Where the items of a stream come from: an array, a generator, any iterable, or a stream of the platform. */
export type StreamSource<T> = AsyncIterable<T> | Iterable<T> | ReadableStream<T>;

/**
 * The items of a stream as they come, to be read once. Items are asked for as they are read: one that is not
 * read stops its source, and costs no more than a window of bytes.
 *
 * A `for await` loop that is left tells the other end, as do `return()` and `await using`. It rejects with what the
 * stream ended by, after the items that came before.
 */
export interface ItemStream<T> extends AsyncIterableIterator<T, undefined>, AsyncDisposable {
  /** The next item. */
  next(): Promise<IteratorResult<T, undefined>>;
  /** Stop reading: what waits is forgotten, and the other end is told. */
  return(): Promise<IteratorResult<T, undefined>>;
  /**
   * The same items as a `ReadableStream`, which is another way to read them and not a second reader.
   *
   * @throws {TypeError} If they are being read already.
   */
  readonly readable: ReadableStream<T>;
}

/** What an {@linkcode Outlet} is given of whoever sends its items. */
export interface OutletPort {
  /** Does something later, where the reader is not heard of meanwhile; returns how not to. */
  readonly after: Timers["after"];
  /**
   * Write and send one item.
   *
   * @returns Bytes of its archive.
   * @throws {CodecError} If it is not of the item's type.
   * @throws {RangeError} If it is larger than the peer takes.
   */
  send(item: unknown): number;
  /**
   * The source has ended, threw (`"source"`), or gave what cannot be sent (`"item"`). Called once, and not
   * after {@linkcode Outlet.cancel}.
   */
  onEnd(error: unknown, failed: "source" | "item" | undefined): void;
  /**
   * The source has let go, after {@linkcode Outlet.cancel}: with what it threw, if it did. Called once; never by a
   * source that goes on.
   */
  onStopped?(error: unknown): void;
}

/** The sending end of a stream: pulls a source for as long as the reader has room. */
export interface Outlet {
  /** Items that were sent. */
  readonly items: number;
  /**
   * The reader has room for so many bytes more.
   *
   * @throws {ProtocolError} If that is more than it can have.
   */
  grant(bytes: number): void;
  /** Pull nothing more until {@linkcode Outlet.resume}, whatever room there is. */
  pause(): void;
  /** Go on. */
  resume(): void;
  /** Stop pulling, and let the source go. */
  cancel(reason?: unknown): void;
}

/**
 * Begin to pull a source, in a microtask.
 *
 * @throws {TypeError} If it is none.
 */
export type OpenOutlet = (source: unknown, port: OutletPort) => Outlet;

/** What an {@linkcode Inlet} is given of whoever hears its items. */
export interface InletPort {
  /**
   * Decode one item.
   *
   * @throws {CodecError} If it is none.
   */
  decode(bytes: Uint8Array, start: number, end: number): unknown;
  /** The reader has taken so many bytes' worth of items: there is room for as many more. */
  grant(bytes: number): void;
  /** The reader has left before the end, or an item did not decode. Called once. */
  onLeft(reason: unknown): void;
}

/** The receiving end of a stream: keeps what its reader has not taken. */
export interface Inlet {
  /** What the reader is given. */
  readonly stream: ItemStream<unknown>;
  /** Items that came. */
  readonly items: number;
  /** Bytes that wait for the reader, where an item without any counts too. */
  readonly bufferedBytes: number;
  /**
   * An item came, as its archive.
   *
   * @throws {ProtocolError} If there was no room for it.
   */
  push(bytes: Uint8Array, start: number, end: number): void;
  /** No more will come: the reader is given what waits, and then the end, or an error. */
  end(error?: unknown): void;
}

/** Make the receiving end of a stream. */
export type OpenInlet = (port: InletPort) => Inlet;
