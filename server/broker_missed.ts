/**
 * {@linkcode MissedTopics}: which topics may have missed events.
 *
 * @module
 */
import type { Topic } from "../wire/topic.ts";

/** Milliseconds that topics are gathered before the application is told. */
export const GATHER_MS = 100;

/** Why events of other nodes were missed, as codes of `BrokerError`. */
export type MissedReason = "LinkDown" | "SubscribeFailed" | "EventsMissed";

/** Topics with subscribers on this node whose events of other nodes may not all have come. */
export interface MissedEvents {
  /** Which. They are subscribed at the broker again. */
  readonly topics: readonly Topic[];
  /**
   * Why: the link was down, the engine did not agree to the topic, or the numbers of another node's events
   * leave a gap.
   */
  readonly reason: MissedReason;
}

/** Is told which topics may have missed events. */
export type MissedListener = (missed: MissedEvents) => void;

/** Gathers them, so that the application is told once for many. Without a listener it does nothing. */
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

  /** Tell nothing more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#topics.clear();
  }
}
