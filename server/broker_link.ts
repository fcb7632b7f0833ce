/**
 * {@linkcode BrokerLink}: one node's side of a broker.
 *
 * @module
 */
import { checkArchive } from "../codec/archive.ts";
import { type DecodeLimits, Reader } from "../codec/reader.ts";
import type { Schema } from "../codec/schema.ts";
import type { Writer } from "../codec/writer.ts";
import type { Broker, BrokerNode } from "../wire/broker.ts";
import { BrokerHeader, eventsOf, randomNode, readBrokerHeader } from "../wire/broker_message.ts";
import { BrokerError, type BrokerErrorCode } from "../wire/errors.ts";
import type { Topic } from "../wire/topic.ts";
import { BrokerOutbox } from "./broker_outbox.ts";
import { BrokerTopics } from "./broker_topics.ts";
import type { EventLink } from "./event_switch.ts";

/** How a node stands with its broker. Counts are since the server was made. */
export interface BrokerStatus {
  /** Whether the engine can be reached. */
  readonly link: "up" | "down";
  /** Topics that the engine has agreed to. */
  readonly subscribed: number;
  /** Topics with local subscribers that it has not: events of other nodes do not come. */
  readonly unsubscribed: number;
  /** Events handed to the engine. */
  readonly published: number;
  /** Events that did not leave this node: the link was down, or too many bytes were on the way. */
  readonly dropped: number;
  /** Events handed to the engine that it failed to send, as far as is known. */
  readonly failed: number;
  /** Events of other nodes that were delivered here. */
  readonly received: number;
  /** Events that came twice, or after a later one of the same node and topic. */
  readonly stale: number;
  /** Events on topics that nobody here is subscribed to any more. */
  readonly late: number;
  /** Events of nodes with another version of the event type, as there are during a deploy. */
  readonly otherVersion: number;
  /** Messages that no node of this service sends. */
  readonly bad: number;
}

/** What a link needs. */
export interface BrokerLinkOptions {
  /** The way to the other nodes. */
  readonly broker: Broker;
  /** What events are; absent, the service has none. */
  readonly schema: Schema<unknown> | undefined;
  /** The events' fingerprint: hex digits. */
  readonly fingerprint: string;
  /** Bytes that may be on the way to the engine. */
  readonly maxPendingBytes: number;
  /** What an event may become; absent, the defaults. */
  readonly limits?: DecodeLimits | undefined;
  /** Give another node's event to this node's subscribers. Returns false if there are none. */
  deliver(topic: Topic, payload: Uint8Array): boolean;
  /** Is told of errors; never throws. */
  onError(error: BrokerError): void;
}

type Counted = "failed" | "stale" | "late" | "otherVersion" | "bad";

/** Checks and counts events to and from other nodes; local work never waits for it. */
export class BrokerLink implements EventLink, BrokerNode {
  readonly #options: BrokerLinkOptions;
  readonly #topics: BrokerTopics;
  readonly #outbox: BrokerOutbox;
  readonly #node = randomNode();
  readonly #fingerprint: number;
  readonly #header = new BrokerHeader();
  readonly #reader: Reader;
  #up = false;
  #closed = false;
  #received = 0;
  readonly #counts: Record<Counted, number> = {
    failed: 0,
    stale: 0,
    late: 0,
    otherVersion: 0,
    bad: 0,
  };

  /** Create. */
  constructor(options: BrokerLinkOptions) {
    this.#options = options;
    this.#reader = new Reader(options.limits);
    this.#fingerprint = parseInt(options.fingerprint.slice(0, 8), 16) >>> 0;
    this.#topics = new BrokerTopics(options.broker, (error) => options.onError(error));
    this.#outbox = new BrokerOutbox({
      broker: options.broker,
      node: this.#node,
      fingerprint: this.#fingerprint,
      maxPendingBytes: options.maxPendingBytes,
      onFailed: (count, cause) => {
        if (!this.#closed) this.#count("failed", count, "PublishFailed", "Cannot publish", cause);
      },
    });
  }

  /** Start the broker. Called once, and not at all where the server cannot start. */
  start(): void {
    attempt(() => this.#options.broker.start(this)).then(
      undefined,
      (cause) => this.#report("SubscribeFailed", "Cannot start the broker", cause),
    );
  }

  /** How it stands. */
  get status(): BrokerStatus {
    const { subscribed, size } = this.#topics;
    return {
      link: this.#up ? "up" : "down",
      subscribed,
      unsubscribed: size - subscribed,
      published: this.#outbox.published,
      dropped: this.#outbox.dropped,
      received: this.#received,
      ...this.#counts,
    };
  }

  get open(): boolean {
    return this.#up;
  }

  link(state: "up" | "down", error?: unknown): void {
    if (this.#closed) return;
    if (state === "down" && this.#up) {
      this.#report("LinkDown", "The link to the broker is down", error);
    }
    this.#up = state === "up";
    if (this.#up) return this.#topics.up();
    this.#outbox.drop();
    this.#topics.down();
  }

  subscribe(topic: Topic): Promise<void> {
    return this.#topics.add(topic);
  }

  unsubscribe(topic: Topic): void {
    this.#topics.remove(topic);
  }

  publish(topic: Topic, writer: Writer): void {
    if (this.#up) this.#outbox.add(topic, writer);
    else this.drop();
  }

  drop(): void {
    this.#outbox.dropped++;
  }

  deliver(topic: Topic, message: Uint8Array): void {
    if (this.#closed) return;
    const header = this.#header;
    const count = readBrokerHeader(message, header);
    if (count === 0) {
      this.#count("bad", 1, "BadMessage", "A message of the broker is none of ours");
      return;
    }
    if (header.node === this.#node) return;
    if (header.fingerprint !== this.#fingerprint) {
      this.#counts.otherVersion += count;
      return;
    }
    try {
      this.#check(message);
    } catch (error) {
      this.#count("bad", 1, "BadMessage", "A message of the broker holds no events of ours", error);
      return;
    }
    const seen = this.#topics.seen(topic);
    if (seen === undefined) this.#counts.late += count;
    else if (!seen.accept(header.node, header.sequence)) this.#counts.stale += count;
    else {
      for (const [start, end] of eventsOf(message)) {
        if (this.#options.deliver(topic, message.subarray(start, end))) this.#received++;
        else this.#counts.late++;
      }
    }
  }

  /** Throws if an event is no archive of the schema. */
  #check(message: Uint8Array): void {
    const { schema } = this.#options;
    if (schema === undefined) return;
    const reader = this.#reader;
    reader.reset(message);
    for (const [start, end] of eventsOf(message)) checkArchive(schema, reader, start, end);
  }

  /** Count, and report the 1st, 2nd, 4th, 8th …: a flood of errors is not answered by another. */
  #count(
    what: Counted,
    more: number,
    code: BrokerErrorCode,
    message: string,
    cause?: unknown,
  ): void {
    const before = this.#counts[what];
    const count = this.#counts[what] += more;
    if (Math.clz32(before) !== Math.clz32(count)) {
      this.#report(code, `${message} (${count} so far)`, cause);
    }
  }

  #report(code: BrokerErrorCode, message: string, cause: unknown): void {
    this.#options.onError(new BrokerError(code, message, { cause }));
  }

  /** Let go of the broker. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#outbox.close();
    this.#closed = true;
    this.#up = false;
    this.#topics.close();
    try {
      await this.#options.broker.close?.();
    } catch (error) {
      this.#report("LinkDown", "Cannot close the broker", error);
    }
  }
}

/** What a call gives, with what it throws as a rejection. */
function attempt(call: () => void | PromiseLike<void>): Promise<void> {
  return new Promise((resolve) => resolve(call()));
}
