/**
 * {@linkcode createEventHub}: delivers events to iterators.
 *
 * @module
 */
import type { Topic } from "../wire/topic.ts";
import type { Limits } from "../wire/limits.ts";
import { type Overflow, queue, type Sink } from "../stream/queue.ts";
import type { Waits } from "../wire/waiting.ts";

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
   * Most buffered events. Default: the limit `maxQueuedEvents`, more than usual bursts. The limit
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

/** An event, and the bytes that it takes. */
type Counted<E> = [event: ReceivedEvent<E>, bytes: number];

/** The topics that an iterator receives, by their key, and the two ends of its queue. */
type Consumer<E> = readonly [
  wants: (topic: Topic) => boolean,
  push: Sink<ReceivedEvent<E>>["push"],
  end: () => void,
];

/** Delivers each event to the matching iterators. */
export interface EventHub<E> {
  /** Number of iterators. */
  size(): number;
  /** Whether any event would be kept. */
  wanted(): boolean;
  /** Stop keeping events for iterators that are created before it is called, as the hub does at first. */
  readonly release: () => void;
  /** Create an iterator. */
  readonly open: (options?: EventsOptions) => EventStream<E>;
  /** Deliver an event, which is read if an iterator matches. Returns whether a reader needs time to catch up. */
  deliver(topic: Topic, read: () => Counted<E>): boolean;
  /** End all iterators. */
  end(): void;
}

/** Create with the limits of each iterator. `onDrop` receives first losses. */
export function createEventHub<E>(
  limits: EventLimits,
  onDrop: (error: Error) => void,
  onAbort: Waits["onAbort"],
): EventHub<E> {
  const consumers = new Set<Consumer<E>>();
  /** Events before the first iterators, in a queue like theirs. */
  const early: Counted<E>[] = [];
  let ended = false;

  const open = (
    { buffer = limits.maxQueuedEvents, overflow, topic, signal }: EventsOptions = {},
    items?: typeof early,
  ): EventStream<E> => {
    const key = typeof topic === "string" ? `s${topic}` : topic?.key;
    const wants = (topic: Topic): boolean => !key || key === topic.key;
    return queue<ReceivedEvent<E>>(
      {
        maxItems: buffer,
        maxBytes: limits.maxQueuedEventBytes,
        overflow,
        signal,
        onAbort,
        onDrop: items ? undefined : onDrop,
        items,
      },
      (push, end) => {
        const consumer: Consumer<E> = [wants, push, end];
        consumers.add(consumer);
        early.forEach(([event, bytes]) => {
          if (wants(event.topic)) push(event, bytes);
        });
        if (ended) end();
        return () => void consumers.delete(consumer);
      },
    );
  };
  let holding: EventStream<E> | undefined = open({}, early);

  const hub: EventHub<E> = {
    wanted: () => consumers.size > 0,
    size: () => consumers.size - +!!holding,
    release() {
      // Each call does.
      holding = void holding?.return();
    },
    open: (options) => open(options),
    deliver(topic, read) {
      let made: Counted<E> | undefined;
      let isBehind = false;
      for (const [wants, push] of consumers) {
        if (wants(topic) && push(...(made ??= read()))) isBehind = true;
      }
      return isBehind;
    },
    end() {
      ended = true;
      hub.release();
      for (const [, , end] of consumers) end();
    },
  };
  return hub;
}
