/**
 * {@linkcode TopicNotifications}: which topics somebody listens to.
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

/** Notifications that wait for one consumer; when more do, the oldest are dropped and counted. */
export const MAX_QUEUED_NOTIFICATIONS = 4096;

/**
 * The notifications since this was asked for, one after the other. Ends with the server, when its loop is
 * left, by `return()`, and at some time after nobody holds it any more.
 *
 * At most {@linkcode MAX_QUEUED_NOTIFICATIONS} wait; {@linkcode TopicNotifications.dropped} counts the rest.
 */
export interface TopicNotifications
  extends AsyncIterableIterator<TopicNotification, undefined>, AsyncDisposable {
  /** Notifications that were dropped because the consumer was too slow. */
  readonly dropped: number;
  /** Stop. */
  return(): Promise<IteratorResult<TopicNotification, undefined>>;
}

/** The notifications that are pushed to `sinks` from now on, until those are ended. */
export function notificationsOf(sinks: Set<Sink<TopicNotification>>): TopicNotifications {
  return queue({ maxItems: MAX_QUEUED_NOTIFICATIONS, onAbort: () => ignore }, (sink) => {
    sinks.add(sink);
    return () => sinks.delete(sink);
  });
}
