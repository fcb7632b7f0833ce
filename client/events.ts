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
export type Counted<E> = [event: ReceivedEvent<E>, bytes: number];

/** The two ends of an iterator's queue, and the key of its topic, if it receives only that. */
interface Consumer<E> extends Sink<ReceivedEvent<E>> {
  readonly key: string | undefined;
}

/** Reads the event of a topic, archived at `[start, end)`. */
type ReadEvent<E> = (topic: Topic, start: number, end: number) => Counted<E>;

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
  deliver(topic: Topic, start: number, end: number, read: ReadEvent<E>): boolean;
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
        const consumer: Consumer<E> = { key, push, end };
        consumers.add(consumer);
        early.forEach(([event, bytes]) => {
          if (!key || key === event.topic.key) push(event, bytes);
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
    deliver(topic, start, end, read) {
      let made: Counted<E> | undefined;
      let isBehind = false;
      for (const { key, push } of consumers) {
        if (key && key !== topic.key) continue;
        made ??= read(topic, start, end);
        if (push(made[0], made[1])) isBehind = true;
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
