/**
 * {@linkcode BrokerTopics}: a broker's subscriptions.
 *
 * @module
 */
import type { Broker } from "../wire/broker.ts";
import { BrokerError } from "../wire/errors.ts";
import { Seldom } from "../wire/seldom.ts";
import type { Topic } from "../wire/topic.ts";
import type { MissedReason, MissedTopics } from "./broker_missed.ts";
import { SeenMessages } from "./seen_messages.ts";

/** Milliseconds that a topic stays subscribed after its last subscriber has gone. */
const UNSUBSCRIBE_LINGER_MS = 1000;
/** Milliseconds that the engine has to agree to a topic. */
export const SUBSCRIBE_TIMEOUT_MS = 5000;
/** Topics that may linger; more are unsubscribed at once. */
const MAX_LINGERING_TOPICS = 65_536;
/** Topics that are asked for at a time when all are. */
const TOPICS_PER_TURN = 1000;
const RETRY_MS = 1000;
const MAX_RETRY_MS = 30_000;

type Timer = ReturnType<typeof setTimeout>;

interface Entry {
  readonly topic: Topic;
  readonly seen: SeenMessages;
  /** The engine's last answer; absent if none was requested on this link. */
  answer: Promise<void> | undefined;
  /** Whether the subscription is confirmed. */
  subscribed: boolean;
  linger: Timer | undefined;
  /** Why events may have been missed since the topic was last live; reported when it is live again. */
  missed: MissedReason | undefined;
}

/** Keeps a broker's subscriptions equal to the topics with local subscribers. */
export class BrokerTopics {
  readonly #broker: Broker;
  readonly #onError: (error: BrokerError) => void;
  readonly #missed: MissedTopics;
  readonly #entries = new Map<string, Entry>();
  #lingering = 0;
  #up = false;
  #closed = false;
  #retry: Timer | undefined;
  #retryMs = RETRY_MS;
  readonly #rarely = new Seldom();
  /** Counts the rounds of subscribing to all topics: a new round ends an older one. */
  #round = 0;
  /** Topics that the engine has confirmed. */
  subscribed = 0;

  /** Create for a broker. `onError` is called for topics that are not live; throttled. */
  constructor(broker: Broker, onError: (error: BrokerError) => void, missed: MissedTopics) {
    this.#broker = broker;
    this.#onError = onError;
    this.#missed = missed;
  }

  /** Topics with a local subscriber, or recently without. */
  get size(): number {
    return this.#entries.size;
  }

  /** The message history of a topic, if it is among them. */
  seen(topic: Topic): SeenMessages | undefined {
    return this.#entries.get(topic.key)?.seen;
  }

  /** A topic has its first subscriber. The rejection may be ignored. */
  add(topic: Topic): Promise<void> {
    let entry = this.#entries.get(topic.key);
    if (entry === undefined) {
      const seen = new SeenMessages();
      entry = {
        topic,
        seen,
        answer: undefined,
        subscribed: false,
        linger: undefined,
        missed: undefined,
      };
      this.#entries.set(topic.key, entry);
    } else if (entry.linger !== undefined) {
      clearTimeout(entry.linger);
      entry.linger = undefined;
      this.#lingering--;
    }
    return entry.answer ?? this.#ask(entry);
  }

  /** A topic has lost its last subscriber. */
  remove(topic: Topic): void {
    const entry = this.#entries.get(topic.key);
    if (entry === undefined || entry.linger !== undefined || this.#closed) return;
    if (this.#lingering >= MAX_LINGERING_TOPICS) return this.#drop(entry);
    this.#lingering++;
    entry.linger = setTimeout(() => {
      this.#lingering--;
      this.#drop(entry);
    }, UNSUBSCRIBE_LINGER_MS);
  }

  #drop(entry: Entry): void {
    this.#entries.delete(entry.topic.key);
    this.#answered(entry, undefined, false);
    settle(() => this.#broker.unsubscribe(entry.topic)).catch((cause) => this.#report(cause));
  }

  #ask(entry: Entry): Promise<void> {
    if (!this.#up) {
      entry.missed ??= "LinkDown";
      return unseen(Promise.reject(new BrokerError("LinkDown", "Other nodes cannot be reached")));
    }
    const answer = within(settle(() => this.#broker.subscribe(entry.topic))).then(() => {
      if (entry.answer === answer) this.#answered(entry, answer, true);
    }, (cause: unknown) => {
      const error = refusedBy(entry.topic, cause);
      if (entry.answer === answer) this.#failed(entry, error);
      throw error;
    });
    entry.answer = unseen(answer);
    return answer;
  }

  /** The engine has ended a topic's subscription. */
  failed(topic: Topic, cause: unknown): void {
    const entry = this.#entries.get(topic.key);
    // A pending answer is rejected by the broker.
    if (entry?.subscribed !== true || !this.#up) return;
    this.#failed(entry, refusedBy(topic, cause));
  }

  #failed(entry: Entry, error: BrokerError): void {
    this.#answered(entry, undefined, false);
    entry.missed ??= "SubscribeFailed";
    if (this.#rarely.add() !== undefined) this.#onError(error);
    this.#retryLater();
  }

  #answered(entry: Entry, answer: Promise<void> | undefined, subscribed: boolean): void {
    if (entry.subscribed !== subscribed) this.subscribed += subscribed ? 1 : -1;
    entry.subscribed = subscribed;
    entry.answer = answer;
    if (!subscribed || entry.missed === undefined) return;
    if (entry.linger === undefined) this.#missed.add(entry.topic, entry.missed);
    entry.missed = undefined;
  }

  #report(cause: unknown): void {
    if (this.#closed || !this.#up) return;
    const error = new BrokerError("SubscribeFailed", "The broker failed to unsubscribe", { cause });
    this.#onError(error);
  }

  /** The link is up: subscribe to every topic again. */
  up(): void {
    this.down();
    this.#up = true;
    this.#retryMs = RETRY_MS;
    void this.#askAll();
  }

  /** The link is down: earlier answers are void. */
  down(): void {
    this.#up = false;
    this.#round++;
    clearTimeout(this.#retry);
    this.#retry = undefined;
    for (const entry of this.#entries.values()) {
      this.#answered(entry, undefined, false);
      entry.missed ??= "LinkDown";
    }
  }

  async #askAll(): Promise<void> {
    const round = ++this.#round;
    let asked: Promise<void>[] = [];
    let failed = false;
    const wait = async (): Promise<void> => {
      const answers = await Promise.allSettled(asked);
      failed ||= answers.some(({ status }) => status === "rejected");
      asked = [];
    };
    // The map may change meanwhile: added topics are subscribed separately, removed ones are skipped.
    for (const entry of this.#entries.values()) {
      if (this.#round !== round) return;
      if (entry.answer !== undefined) continue;
      asked.push(this.#ask(entry));
      if (asked.length === TOPICS_PER_TURN) await wait();
    }
    await wait();
    if (this.#round === round && !failed) this.#retryMs = RETRY_MS;
  }

  #retryLater(): void {
    if (this.#closed || !this.#up || this.#retry !== undefined) return;
    this.#retry = setTimeout(() => {
      this.#retry = undefined;
      void this.#askAll();
    }, this.#retryMs);
    this.#retryMs = Math.min(this.#retryMs * 2, MAX_RETRY_MS);
  }

  /** Clear all timers. */
  close(): void {
    this.down();
    this.#closed = true;
    for (const { linger } of this.#entries.values()) clearTimeout(linger);
    this.#entries.clear();
  }
}

function refusedBy(topic: Topic, cause: unknown): BrokerError {
  return new BrokerError("SubscribeFailed", "Cannot subscribe at the broker", { cause, topic });
}

function settle(call: () => void | PromiseLike<void>): Promise<void> {
  return new Promise((resolve) => resolve(call()));
}

/** The same promise; its rejection may be ignored. */
function unseen(promise: Promise<void>): Promise<void> {
  promise.catch(() => {});
  return promise;
}

async function within(promise: Promise<void>): Promise<void> {
  let timer: Timer | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("the engine did not answer")), SUBSCRIBE_TIMEOUT_MS);
  });
  try {
    await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
