/**
 * {@linkcode openInlet}: the receiving end of a stream.
 *
 * @module
 */
import { ByteQueue } from "./byte_queue.ts";
import type { Inlet, InletPort, ItemStream } from "./types.ts";
import { ITEM_COST_BYTES, overCredit, STREAM_WINDOW_BYTES } from "./window.ts";

/** A reader that waits for an item. */
interface Reading {
  readonly resolve: (result: IteratorResult<unknown, undefined>) => void;
  readonly reject: (error: unknown) => void;
}

/** Bytes that are taken before the sender is told of it: half of a window. */
const GRANT_BYTES = 131_072;

/**
 * Keeps the items that nobody has taken as they came, since what they are decoded to may be far larger. One that
 * is waited for is decoded where it is.
 */
class Basin implements Inlet {
  items = 0;
  readonly stream: ItemStream<unknown>;
  readonly #port: InletPort;
  readonly #kept = new ByteQueue();
  #reading: Reading[] | undefined;
  /** What the sender may still send. Below 0 by one item at most. */
  #room = STREAM_WINDOW_BYTES;
  /** What was taken and the sender does not know of. */
  #taken = 0;
  /** Whether nothing more will come. */
  #ended = false;
  /** Whether the reader wants no more. */
  #left = false;
  /** What to reject with, once, when what is kept has been read. */
  #error: unknown;

  constructor(port: InletPort) {
    this.#port = port;
    this.stream = new Items(this);
  }

  get bufferedBytes(): number {
    return this.#kept.bytes;
  }

  push(bytes: Uint8Array, start: number, end: number): void {
    if (this.#ended) return;
    if (this.#room <= 0) throw overCredit("an item for which its stream has no room");
    this.#room -= end - start + ITEM_COST_BYTES;
    this.items++;
    if (this.#left) return;
    const reading = this.#reading?.shift();
    if (reading === undefined) return this.#kept.push(bytes, start, end);
    let item: unknown;
    try {
      item = this.#port.decode(bytes, start, end);
    } catch (error) {
      reading.reject(error);
      return this.leave(error);
    }
    reading.resolve({ value: item, done: false });
    this.#take(end - start);
  }

  end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    const reading = this.#reading;
    this.#reading = undefined;
    if (this.#left) return;
    this.#error = error;
    // Where somebody waits there is nothing kept.
    for (const each of reading ?? []) this.#over(each);
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    const kept = this.#kept;
    if (kept.length > 0) {
      const { read, start } = kept;
      const length = kept.shift();
      let item: unknown;
      try {
        item = this.#port.decode(read, start, start + length);
      } catch (error) {
        this.leave(error);
        return Promise.reject(error);
      }
      this.#take(length);
      return Promise.resolve({ value: item, done: false });
    }
    return new Promise((resolve, reject) => {
      const reading = { resolve, reject };
      if (this.#ended || this.#left) this.#over(reading);
      else (this.#reading ??= []).push(reading);
    });
  }

  /** There is nothing more to read: the first who asks is told why. */
  #over({ resolve, reject }: Reading): void {
    const error = this.#error;
    this.#error = undefined;
    if (error === undefined) resolve({ value: undefined, done: true });
    else reject(error);
  }

  #take(bytes: number): void {
    this.#taken += bytes + ITEM_COST_BYTES;
    if (this.#taken < GRANT_BYTES || this.#ended || this.#left) return;
    const taken = this.#taken;
    this.#taken = 0;
    this.#room += taken;
    this.#port.grant(taken);
  }

  /** Read no more. */
  leave(reason: unknown): void {
    if (this.#left) return;
    this.#left = true;
    this.#kept.clear();
    this.#error = undefined;
    const reading = this.#reading;
    this.#reading = undefined;
    for (const each of reading ?? []) this.#over(each);
    if (!this.#ended) this.#port.onLeft(reason);
  }
}

/** An inlet as its reader sees it. */
class Items implements ItemStream<unknown> {
  readonly #basin: Basin;
  #isRead = false;

  constructor(basin: Basin) {
    this.#basin = basin;
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    return this.#basin.next();
  }

  return(): Promise<IteratorResult<unknown, undefined>> {
    this.#basin.leave(undefined);
    return Promise.resolve({ value: undefined, done: true });
  }

  get readable(): ReadableStream<unknown> {
    this.#claim();
    const basin = this.#basin;
    return new ReadableStream<unknown>({
      async pull(controller) {
        const { value, done } = await basin.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel(reason) {
        basin.leave(reason);
      },
    }, { highWaterMark: 0 });
  }

  [Symbol.asyncIterator](): this {
    this.#claim();
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #claim(): void {
    if (this.#isRead) throw new TypeError("Cannot read a stream twice: it is being read");
    this.#isRead = true;
  }
}

/** Make the receiving end of a stream. */
export function openInlet(port: InletPort): Inlet {
  return new Basin(port);
}
