/**
 * {@linkcode EventHub}: events on their way to those who iterate over them.
 *
 * @module
 */
import { type Topic, topicKey } from "../wire/topic.ts";
import type { Limits } from "../wire/limits.ts";
import type { Count } from "./many.ts";
import { type Overflow, queue, type QueueOptions, type Sink } from "./queue.ts";
import type { Waits } from "./waiting.ts";

/** What bounds an iterator. */
export type EventLimits = Pick<Limits, "maxQueuedEvents" | "maxQueuedEventBytes">;

/** One event. */
export interface ReceivedEvent<E> {
  /** The topic it was sent on. */
  readonly topic: Topic;
  /** What was sent. All iterators are given the same object. */
  readonly payload: E;
}

/** How to receive events. */
export interface EventsOptions {
  /**
   * Events that may wait to be read. Default: the limit `maxQueuedEvents`, 16,384: more than come at once.
   * However many, they are bounded in bytes by `maxQueuedEventBytes`.
   */
  readonly buffer?: number;
  /**
   * What to do with one more. Default: `"drop-oldest"`. Lost events are counted either way, and an
   * iterator's first loss is told to `onError`.
   */
  readonly overflow?: Overflow;
  /** Only events on this topic; a string names a text topic. Default: whatever the server sends. */
  readonly topic?: Topic | string;
  /** End the iteration when it aborts. */
  readonly signal?: AbortSignal;
}

/**
 * Events as they come, from the moment this was made; one that is made as `connect()` returns, before the
 * first call and in the same turn of the event loop, is given those that came before, on topics that
 * `onConnect` subscribed to. Goes on over reconnects, during which events are lost, and ends when the
 * client is closed.
 *
 * A `for await` loop that is left ends it. Where events are taken by `next()`, end it by `return()`: one
 * that nobody holds any more ends by itself, but only when the engine finds it, and no engine looks while
 * a program goes on without a turn of the event loop.
 */
export interface EventStream<E>
  extends AsyncIterableIterator<ReceivedEvent<E>, undefined>, AsyncDisposable {
  /** Stop: what waits to be read is forgotten, and nothing more is collected. */
  return(): Promise<IteratorResult<ReceivedEvent<E>, undefined>>;
  /** Events that were lost because the buffer was full. */
  readonly dropped: number;
}

const OVERFLOWS: readonly Overflow[] = ["drop-oldest", "drop-newest", "close"];

/** Bytes that an event takes besides what it holds. */
const EVENT_BYTES = 256;

interface Consumer<E> extends Sink<ReceivedEvent<E>> {
  /** Whether events on a topic are wanted. */
  wants(topic: Topic): boolean;
}

/** Hands each event to the iterators that want it. */
export class EventHub<E> {
  readonly #consumers: Set<Consumer<E>> = new Set();
  readonly #bounds: QueueOptions;
  readonly #count: Count | undefined;
  /** What comes before there can be an iterator, while its iterator is held. */
  #early: readonly [Sink<ReceivedEvent<E>>, unknown] | undefined;
  #ended = false;

  /** Create with the bounds of each iterator. `onDrop` is told of first losses, `count` of how many there are. */
  constructor(
    { maxQueuedEvents: maxItems, maxQueuedEventBytes: maxBytes }: EventLimits,
    onDrop: (error: Error) => void,
    onAbort: Waits["onAbort"],
    count?: Count,
  ) {
    this.#bounds = { maxItems, maxBytes, onDrop, onAbort };
    this.#count = count;
  }

  /** How many iterators there are. */
  get size(): number {
    return this.#consumers.size;
  }

  /** Whether anyone wants any event. */
  get wanted(): boolean {
    return this.#early !== undefined || this.size > 0;
  }

  /** Keep what comes from now on for iterators that are opened before {@linkcode EventHub.release}. */
  hold(): void {
    let sink!: Sink<ReceivedEvent<E>>;
    const iterator = queue<ReceivedEvent<E>>({ ...this.#bounds, onDrop: undefined }, (given) => {
      sink = given;
      return () => {};
    });
    this.#early = [sink, iterator];
  }

  /** Keep nothing more for iterators that are opened later. */
  release(): void {
    this.#early = undefined;
  }

  /** Start to collect events. */
  open(
    { buffer = this.#bounds.maxItems, overflow = "drop-oldest", topic, signal }: EventsOptions = {},
  ): EventStream<E> {
    if (!Number.isSafeInteger(buffer) || buffer < 1) {
      throw new RangeError(`Cannot use buffer ${buffer}: expected a positive integer`);
    }
    if (!OVERFLOWS.includes(overflow)) {
      throw new TypeError(`Cannot use overflow ${overflow}: expected ${OVERFLOWS}`);
    }
    const key = topic === undefined ? topic : topicKey(topic);
    return queue<ReceivedEvent<E>>(
      { ...this.#bounds, maxItems: buffer, overflow, signal },
      (sink) => {
        const wants = (topic: Topic): boolean => key === undefined || key === topic.key;
        const consumer = { ...sink, wants };
        this.#consumers.add(consumer);
        this.#early?.[0].forEach((event, bytes) => {
          if (wants(event.topic)) sink.push(event, bytes);
        });
        if (this.#ended) sink.end();
        this.#count?.("events() iterators", this.size);
        return () => void this.#consumers.delete(consumer);
      },
    );
  }

  /** Whether anyone wants events on this topic. */
  wants(topic: Topic): boolean {
    if (this.#early !== undefined) return true;
    for (const consumer of this.#consumers) if (consumer.wants(topic)) return true;
    return false;
  }

  /** An event came, in so many bytes. Returns whether someone needs time to read. */
  deliver(topic: Topic, payload: E, payloadBytes: number): boolean {
    const event: ReceivedEvent<E> = { topic, payload };
    const bytes = EVENT_BYTES + payloadBytes;
    this.#early?.[0].push(event, bytes);
    let isBehind = false;
    for (const consumer of this.#consumers) {
      if (consumer.wants(topic) && consumer.push(event, bytes)) isBehind = true;
    }
    return isBehind;
  }

  /** No more events will come. */
  end(): void {
    this.#ended = true;
    this.release();
    for (const { end } of this.#consumers) end();
  }
}
