/**
 * {@linkcode createEventHub}: delivers events to iterators.
 *
 * @module
 */
import type { Topic } from "../wire/topic.ts";
import type { Limits } from "../wire/limits.ts";
import { type Overflow, queue, type Sink } from "../stream/queue.ts";
import type { Waits } from "./waiting.ts";

/** The limits of an iterator. */
export type EventLimits = Pick<Limits, "maxQueuedEvents" | "maxQueuedEventBytes">;

/** One event. */
export interface ReceivedEvent<E> {
  /** Its topic. */
  readonly topic: Topic;
  /** Its value. All iterators receive the same object. */
  readonly payload: E;
}

/** Options for receiving events. */
export interface EventsOptions {
  /**
   * Most buffered events. Default: the limit `maxQueuedEvents`, 16,384: more than usual bursts. The limit
   * `maxQueuedEventBytes` also bounds their bytes.
   */
  readonly buffer?: number;
  /**
   * The reaction to overflow. Default: `"drop-oldest"`. Lost events are always counted, and an iterator's first loss
   * is reported to `onError`.
   */
  readonly overflow?: Overflow;
  /** Only events on this topic; a string names a text topic. Default: all events. */
  readonly topic?: Topic | string;
  /** Ends the iteration when it aborts. */
  readonly signal?: AbortSignal;
}

/**
 * The events since its creation. An iterator created right after `connect()`, before the first call and in the same
 * turn of the event loop, also receives earlier events, on topics that `onConnect` subscribed to. It continues over
 * reconnects, during which events are lost, and ends when the client closes.
 *
 * Leaving a `for await` loop ends it. If you use `next()`, end it by `return()`: an unreferenced iterator ends only
 * when the engine collects it, which never happens without a turn of the event loop.
 */
export interface EventStream<E>
  extends AsyncIterableIterator<ReceivedEvent<E>, undefined>, AsyncDisposable {
  /** Stop: drop the buffered events and receive no more. */
  return(): Promise<IteratorResult<ReceivedEvent<E>, undefined>>;
  /** Events lost because the buffer was full. */
  readonly dropped: number;
}

interface Consumer<E> extends Sink<ReceivedEvent<E>> {
  /** Whether an iterator receives events on a topic. */
  wants(topic: Topic): boolean;
}

/** Delivers each event to the matching iterators. */
export interface EventHub<E> {
  /** Number of iterators. */
  readonly size: number;
  /** Whether there is any iterator. */
  readonly wanted: boolean;
  /** Hold events for iterators that are created before {@linkcode EventHub.release}. */
  hold(): void;
  /** Stop holding events for later iterators. */
  readonly release: () => void;
  /** Create an iterator. */
  readonly open: (options?: EventsOptions) => EventStream<E>;
  /** Whether any iterator receives events on this topic. */
  wants(topic: Topic): boolean;
  /** Deliver an event of so many bytes. Returns whether a reader needs time to catch up. */
  deliver(topic: Topic, payload: E, payloadBytes: number): boolean;
  /** End all iterators. */
  end(): void;
}

/** Create with the limits of each iterator. `onDrop` receives first losses. */
export function createEventHub<E>(
  { maxQueuedEvents, maxQueuedEventBytes: maxBytes }: EventLimits,
  onDrop: (error: Error) => void,
  onAbort: Waits["onAbort"],
): EventHub<E> {
  const consumers = new Set<Consumer<E>>();
  /** Events held before the first iterator, with their bytes; bounded like an iterator. */
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
      // The memory overhead of an event.
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
