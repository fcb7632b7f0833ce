/**
 * {@linkcode EventHub}: events on their way to those who iterate over them.
 *
 * @module
 */
import { type Topic, topicKey } from "../wire/topic.ts";
import { BoundedIterator, type Overflow } from "./bounded_iterator.ts";

/** One event. */
export interface ReceivedEvent<E> {
  /** The topic it was sent on. */
  readonly topic: Topic;
  /** What was sent. All iterators are given the same object. */
  readonly payload: E;
}

/** How to receive events. */
export interface EventsOptions {
  /** Events that may wait to be read. Default: the limit `maxQueuedEvents`, 32. */
  readonly buffer?: number;
  /** What to do with one more. Default: `"drop-oldest"`. Lost events are counted either way. */
  readonly overflow?: Overflow;
  /** Only events on this topic; a string names a text topic. Default: whatever the server sends. */
  readonly topic?: Topic | string;
  /** End the iteration when it aborts. */
  readonly signal?: AbortSignal;
}

/**
 * Events as they come, from the moment this was made. Goes on over reconnects, during which events
 * are lost, and ends when the client is closed.
 */
export interface EventStream<E>
  extends AsyncIterableIterator<ReceivedEvent<E>, undefined>, AsyncDisposable {
  /** Events that were lost because the buffer was full. */
  readonly dropped: number;
}

const OVERFLOWS: readonly Overflow[] = ["drop-oldest", "drop-newest", "close"];

interface Consumer<E> {
  readonly iterator: BoundedIterator<ReceivedEvent<E>>;
  /** The {@linkcode Topic.key} that is wanted. */
  readonly key: string | undefined;
}

/** Hands each event to the iterators that want it. */
export class EventHub<E> {
  readonly #consumers: Set<Consumer<E>> = new Set();
  readonly #defaultBuffer: number;
  #ended = false;

  /** Create with the buffer of iterators that name none. */
  constructor(defaultBuffer: number) {
    this.#defaultBuffer = defaultBuffer;
  }

  /** How many iterators there are. */
  get size(): number {
    return this.#consumers.size;
  }

  /** Start to collect events. */
  open(options: EventsOptions = {}): EventStream<E> {
    const { buffer = this.#defaultBuffer, overflow = "drop-oldest", topic, signal } = options;
    if (!Number.isSafeInteger(buffer) || buffer < 1) {
      throw new RangeError(`Cannot buffer ${buffer} events: expected a positive integer`);
    }
    if (!OVERFLOWS.includes(overflow)) {
      throw new TypeError(`Cannot use overflow "${overflow}": expected ${OVERFLOWS.join(", ")}`);
    }
    const iterator = new BoundedIterator<ReceivedEvent<E>>(buffer, overflow, signal);
    const consumer = { iterator, key: topic === undefined ? undefined : topicKey(topic) };
    this.#consumers.add(consumer);
    iterator.onEnd(() => this.#consumers.delete(consumer));
    if (this.#ended) iterator.end();
    return iterator;
  }

  /** Whether anyone wants events on this topic. */
  wants(topic: Topic): boolean {
    for (const { key } of this.#consumers) {
      if (key === undefined || key === topic.key) return true;
    }
    return false;
  }

  /** An event came. */
  deliver(topic: Topic, payload: E): void {
    const event: ReceivedEvent<E> = { topic, payload };
    for (const { iterator, key } of this.#consumers) {
      if (key === undefined || key === topic.key) iterator.push(event);
    }
  }

  /** No more events will come. */
  end(): void {
    this.#ended = true;
    for (const { iterator } of this.#consumers) iterator.end();
  }
}
