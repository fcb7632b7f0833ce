/**
 * {@linkcode BrokerLink}: one node's side of a broker.
 *
 * @module
 */
import { checkArchive } from "../codec/archive.ts";
import { Reader } from "../codec/reader.ts";
import type { Writer } from "../codec/writer.ts";
import type { Broker, BrokerNode } from "../wire/broker.ts";
import { BrokerHeader, eventsOf, readBrokerHeader } from "../wire/broker_message.ts";
import { BrokerError, type BrokerErrorCode, type BrokerErrorOptions } from "../wire/errors.ts";
import { isSeldom } from "../wire/seldom.ts";
import type { Topic } from "../wire/topic.ts";
import { type MissedListener, MissedTopics } from "./broker_missed.ts";
import { BrokerOutbox } from "./broker_outbox.ts";
import { BrokerState } from "./broker_state.ts";
import type { BrokerLosses, BrokerStatus } from "./broker_status.ts";
import { BrokerTopics } from "./broker_topics.ts";
import type { EventLink } from "./event_switch.ts";
import { IMPOSSIBLE, STALE } from "./seen_messages.ts";
import type { ServerParts } from "./server_parts.ts";

/** What a link needs. */
export interface BrokerLinkOptions
  extends Pick<ServerParts, "service" | "codec" | "events" | "limits"> {
  /** The broker. */
  readonly broker: Broker;
  /** Reports errors; never throws. */
  onError(error: BrokerError): void;
  /** Reports topics that may have missed events; never throws. */
  readonly onMissed: MissedListener | undefined;
}

/** Brokers that are in use by a server. */
const IN_USE = new WeakSet<Broker>();

/** Checks and counts events to and from other nodes; local work never waits for it. */
export class BrokerLink implements BrokerNode, EventLink {
  readonly #options: BrokerLinkOptions;
  readonly #topics: BrokerTopics;
  readonly #outbox: BrokerOutbox;
  readonly #state: BrokerState;
  readonly #missed: MissedTopics;
  readonly #fingerprint: number;
  readonly #header = new BrokerHeader();
  readonly #reader: Reader;
  #started = false;
  #closed = false;
  #received = 0;
  readonly #counts: { -readonly [Cause in keyof BrokerLosses]: number } = {
    failed: 0,
    missed: 0,
    stale: 0,
    late: 0,
    otherVersion: 0,
    bad: 0,
  };

  /**
   * Create.
   *
   * @throws {TypeError} If the broker is in use by another server.
   */
  constructor(options: BrokerLinkOptions) {
    const { broker, codec, limits, service: { fingerprint } } = options;
    checkUnused(broker);
    this.#options = options;
    this.#reader = new Reader(limits);
    this.#reader.words = codec.words;
    this.#fingerprint = parseInt(fingerprint.events.slice(0, 8), 16) >>> 0;
    this.#missed = new MissedTopics(options.onMissed);
    const onError = (error: BrokerError): void => options.onError(error);
    this.#topics = new BrokerTopics(broker, onError, this.#missed);
    this.#outbox = new BrokerOutbox(
      broker,
      this.#fingerprint,
      limits.maxBufferedBytes,
      (count, cause) => this.#failed(count, cause),
    );
    const report = this.#report.bind(this);
    this.#state = new BrokerState(broker, this.#topics, this.#outbox, report);
  }

  /**
   * Start the broker. Called at most once, after everything else has started.
   *
   * @throws {TypeError} If the broker has got a server meanwhile, or cannot be used with the service.
   */
  start(): void {
    const { broker } = this.#options;
    checkUnused(broker);
    IN_USE.add(broker);
    this.#started = true;
    this.#outbox.hold();
    this.#state.start();
    try {
      broker.start(this)?.then(undefined, (cause) => this.#cannotStart(cause));
    } catch (error) {
      if (error instanceof TypeError) throw error;
      this.#cannotStart(error);
    }
  }

  #cannotStart(cause: unknown): void {
    this.#report("SubscribeFailed", "Cannot start the broker", { cause });
  }

  get service(): string {
    return this.#options.service.name;
  }

  /** The status. */
  get status(): BrokerStatus {
    const { subscribed, size } = this.#topics;
    const { published, dropped, pendingBytes } = this.#outbox;
    const { link, final, probe: { proofAgeMs, roundTripMs } } = this.#state;
    return {
      link,
      final,
      proofAgeMs,
      roundTripMs,
      subscribed,
      unsubscribed: size - subscribed,
      pendingBytes,
      published,
      dropped,
      received: this.#received,
      ...this.#counts,
    };
  }

  get open(): boolean {
    return this.#state.open;
  }

  link(state: "up" | "partial" | "down", error?: unknown, final?: boolean): void {
    if (!this.#closed) this.#state.said(state, error, final);
  }

  unsubscribed(topic: Topic, error: unknown): void {
    if (this.#closed || this.#state.refused(topic, error)) return;
    this.#topics.failed(topic, error);
  }

  refused(topic: Topic, events: number, error: unknown): void {
    if (this.#closed || this.#state.refused(topic, error)) return;
    this.#failed(events, error, topic);
  }

  #failed(count: number, cause: unknown, topic?: Topic): void {
    if (!this.#closed) {
      this.#count("failed", count, "PublishFailed", "Cannot publish", { cause, topic });
    }
  }

  subscribe(topic: Topic): Promise<void> {
    return this.#topics.add(topic);
  }

  unsubscribe(topic: Topic): void {
    this.#topics.remove(topic);
  }

  publish(topic: Topic, writer: Writer): void {
    if (this.#state.open) this.#outbox.add(topic, writer);
    else this.drop(topic.key);
  }

  drop(key: string): void {
    this.#outbox.skip(key);
  }

  deliver(topic: Topic, message: Uint8Array): void {
    if (this.#closed || this.#state.deliver(topic, message)) return;
    const header = this.#header;
    const count = readBrokerHeader(message, header);
    if (count < 0) return this.#bad("is none of ours", { topic });
    if (this.#outbox.numbers.isOwn(header.node)) return;
    if (header.fingerprint !== this.#fingerprint) {
      const what = "Events of another version of the service came";
      return this.#count("otherVersion", count, "OtherVersion", what, { topic });
    }
    try {
      this.#check(message);
    } catch (cause) {
      return this.#bad("holds no events of ours", { cause, topic });
    }
    const seen = this.#topics.seen(topic);
    if (seen === undefined) {
      this.#counts.late += count;
      return;
    }
    // An unknown node has lost an unknown number of events.
    if (count === 0 && !seen.knows(header.node)) this.#missed.add(topic, "EventsMissed");
    const skipped = seen.accept(header.node, header.number, count, now);
    if (skipped === STALE) this.#counts.stale += count;
    else if (skipped === IMPOSSIBLE) this.#bad("has a number that no node is at", { topic });
    else {
      if (skipped > 0) {
        this.#count("missed", skipped, "EventsMissed", "Events of other nodes are missing", {
          topic,
        });
        this.#missed.add(topic, "EventsMissed");
      }
      for (const [start, end] of eventsOf(message)) {
        if (this.#options.events.receive(topic, message.subarray(start, end))) this.#received++;
        else this.#counts.late++;
      }
    }
  }

  /** Throws if an event is not a valid archive of the schema. */
  #check(message: Uint8Array): void {
    const { service: { event }, codec } = this.#options;
    if (event === undefined) return;
    const reader = this.#reader;
    reader.reset(message);
    for (const [start, end] of eventsOf(message)) checkArchive(codec, event, reader, start, end);
  }

  #bad(what: string, about: BrokerErrorOptions): void {
    this.#count("bad", 1, "BadMessage", `A message of the broker ${what}`, about);
  }

  /** Count errors, and report the 1st, 2nd, 4th, 8th …: a flood must not cause a flood of reports. */
  #count(
    what: keyof BrokerLosses,
    more: number,
    code: BrokerErrorCode,
    message: string,
    about: BrokerErrorOptions,
  ): void {
    const before = this.#counts[what];
    const count = this.#counts[what] += more;
    if (isSeldom(count, before)) {
      this.#report(code, `${message} (${count} so far)`, about);
    }
  }

  #report(code: BrokerErrorCode, message: string, about: BrokerErrorOptions): void {
    this.#options.onError(new BrokerError(code, message, about));
  }

  /** Release the broker. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#outbox.close();
    this.#closed = true;
    this.#state.close();
    this.#topics.close();
    this.#missed.close();
    const { broker } = this.#options;
    if (!this.#started) return;
    try {
      await broker.close?.();
    } catch (cause) {
      this.#report("LinkDown", "Cannot close the broker", { cause });
    }
    IN_USE.delete(broker);
  }
}

function now(): number {
  return performance.now();
}

function checkUnused(broker: Broker): void {
  if (!IN_USE.has(broker)) return;
  throw new TypeError("Cannot use this broker: it has a server, and one broker serves one");
}
