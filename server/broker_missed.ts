/**
 * {@linkcode MissedTopics}: topics that may have missed events.
 *
 * @module
 */
import type { Topic } from "../wire/topic.ts";

/** Milliseconds that topics are gathered before the application is notified. */
export const GATHER_MS = 100;

/** Reasons for missed events of other nodes, as codes of `BrokerError`. */
export type MissedReason = "LinkDown" | "SubscribeFailed" | "EventsMissed";

/** Topics with subscribers on this node that may have missed events of other nodes. */
export interface MissedEvents {
  /** The topics. They are subscribed at the broker again. */
  readonly topics: readonly Topic[];
  /**
   * The reason: the link was down, the broker refused the topic, or another node's event numbers have a gap.
   */
  readonly reason: MissedReason;
}

/** Receives topics that may have missed events. */
export type MissedListener = (missed: MissedEvents) => void;

/** Gathers topics, to notify the application once for many. Does nothing without a listener. */
export class MissedTopics {
  readonly #listener: MissedListener | undefined;
  readonly #topics = new Map<MissedReason, Map<string, Topic>>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Create for a listener, which does not throw. */
  constructor(listener: MissedListener | undefined) {
    this.#listener = listener;
  }

  /** A topic may have missed events. */
  add(topic: Topic, reason: MissedReason): void {
    if (this.#listener === undefined) return;
    let topics = this.#topics.get(reason);
    if (topics === undefined) this.#topics.set(reason, topics = new Map());
    topics.set(topic.key, topic);
    this.#timer ??= setTimeout(this.#tell, GATHER_MS);
  }

  readonly #tell = (): void => {
    this.#timer = undefined;
    const gathered = [...this.#topics];
    this.#topics.clear();
    for (const [reason, topics] of gathered) {
      this.#listener?.({ topics: [...topics.values()], reason });
    }
  };

  /** Stop. */
  close(): void {
    clearTimeout(this.#timer);
    this.#topics.clear();
  }
}
