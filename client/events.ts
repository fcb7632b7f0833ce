/**
 * {@linkcode createEventHub}: events on their way to those who iterate over them.
 *
 * @module
 */
import type { Topic } from "../wire/topic.ts";
import type { Limits } from "../wire/limits.ts";
import { type Overflow, queue, type Sink } from "../stream/queue.ts";
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

interface Consumer<E> extends Sink<ReceivedEvent<E>> {
  /** Whether events on a topic are wanted. */
  wants(topic: Topic): boolean;
}

/** Hands each event to the iterators that want it. */
export interface EventHub<E> {
  /** How many iterators there are. */
  readonly size: number;
  /** Whether anyone wants any event. */
  readonly wanted: boolean;
  /** Keep what comes from now on for iterators that are opened before {@linkcode EventHub.release}. */
  hold(): void;
  /** Keep nothing more for iterators that are opened later. */
  readonly release: () => void;
  /** Start to collect events. */
  readonly open: (options?: EventsOptions) => EventStream<E>;
  /** Whether anyone wants events on this topic. */
  wants(topic: Topic): boolean;
  /** An event came, in so many bytes. Returns whether someone needs time to read. */
  deliver(topic: Topic, payload: E, payloadBytes: number): boolean;
  /** No more events will come. */
  end(): void;
}

/** Create with the bounds of each iterator. `onDrop` is told of first losses. */
export function createEventHub<E>(
  { maxQueuedEvents, maxQueuedEventBytes: maxBytes }: EventLimits,
  onDrop: (error: Error) => void,
  onAbort: Waits["onAbort"],
): EventHub<E> {
  const consumers = new Set<Consumer<E>>();
  /** What comes before there can be an iterator, each with its bytes; bounded as an iterator is. */
  let early: [event: ReceivedEvent<E>, bytes: number][] | undefined;
  let earlyBytes = 0;
  let ended = false;

  const hub: EventHub<E> = {
    get size() {
      return consumers.size;
    },
    get wanted() {
      return !!early || consumers.size > 0;
    },
    hold() {
      early = [];
    },
    release() {
      early = undefined;
    },
    open({ buffer: maxItems = maxQueuedEvents, overflow, topic, signal } = {}) {
      const key = typeof topic === "string" ? `s${topic}` : topic?.key;
      return queue<ReceivedEvent<E>>(
        { maxItems, maxBytes, overflow, signal, onAbort, onDrop },
        (sink) => {
          const wants = (topic: Topic): boolean => key === undefined || key === topic.key;
          const consumer = { ...sink, wants };
          consumers.add(consumer);
          early?.forEach(([event, bytes]) => {
            if (wants(event.topic)) sink.push(event, bytes);
          });
          if (ended) sink.end();
          return () => void consumers.delete(consumer);
        },
      );
    },
    wants(topic) {
      if (early) return true;
      for (const { wants } of consumers) if (wants(topic)) return true;
      return false;
    },
    deliver(topic, payload, payloadBytes) {
      // What an event takes besides what it holds.
      const EVENT_BYTES = 256;
      const event = { topic, payload };
      const bytes = EVENT_BYTES + payloadBytes;
      let isBehind = false;
      if (early) {
        early.push([event, bytes]);
        earlyBytes += bytes;
        while (early[maxQueuedEvents] || (earlyBytes > maxBytes && early[1])) {
          earlyBytes -= early.shift()![1];
        }
      }
      for (const { wants, push } of consumers) {
        if (wants(topic) && push(event, bytes)) isBehind = true;
      }
      return isBehind;
    },
    end() {
      ended = true;
      hub.release();
      for (const { end } of consumers) end();
    },
  };
  return hub;
}
