/**
 * {@linkcode TopicNotifications}: notifies the application of topics with subscribers.
 *
 * @module
 */
import { queue, type Sink } from "../stream/queue.ts";
import { ignore } from "../wire/listener.ts";
import type { Topic } from "../wire/topic.ts";

/** A topic got its first subscriber, or lost its last. Rust: `server.rs`, `TopicNotification`. */
export interface TopicNotification {
  /** Which of the two. */
  readonly type: "created" | "removed";
  /** The topic. */
  readonly topic: Topic;
}

/** Most queued notifications of one consumer; beyond it the oldest are dropped and counted. */
export const MAX_QUEUED_NOTIFICATIONS = 4096;

/**
 * The notifications since its creation. Ends with the server, when the loop is left, by `return()`, or some time
 * after it was garbage-collected.
 *
 * At most {@linkcode MAX_QUEUED_NOTIFICATIONS} are queued; {@linkcode TopicNotifications.dropped} counts the rest.
 */
export interface TopicNotifications
  extends AsyncIterableIterator<TopicNotification, undefined>, AsyncDisposable {
  /** Notifications dropped because the consumer was too slow. */
  readonly dropped: number;
  /** Stop. */
  return(): Promise<IteratorResult<TopicNotification, undefined>>;
}

/** The notifications pushed to `sinks` from now on, until they end. */
export function notificationsOf(sinks: Set<Sink<TopicNotification>>): TopicNotifications {
  return queue({ maxItems: MAX_QUEUED_NOTIFICATIONS, onAbort: () => ignore }, (sink) => {
    sinks.add(sink);
    return () => sinks.delete(sink);
  });
}
