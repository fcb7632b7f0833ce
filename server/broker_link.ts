/**
 * {@linkcode BrokerLink}: one node's side of a broker.
 *
 * @module
 */
import { validate } from "../codec/decode.ts";
import type { Schema } from "../codec/schema.ts";
import type { Broker, BrokerNode } from "../wire/broker.ts";
import {
  BROKER_HEADER_BYTES,
  BrokerHeader,
  randomNode,
  readBrokerHeader,
  writeBrokerHeader,
} from "../wire/broker_message.ts";
import { BrokerError, type BrokerErrorCode } from "../wire/errors.ts";
import type { Topic } from "../wire/topic.ts";
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
  /** Give another node's event to this node's subscribers. Returns false if there are none. */
  deliver(topic: Topic, payload: Uint8Array): boolean;
  /** Is told of errors; never throws. */
  onError(error: BrokerError): void;
}

type Counted = "dropped" | "failed" | "stale" | "late" | "otherVersion" | "bad";

/** Frames and counts events to and from other nodes; local work never waits for it. */
export class BrokerLink implements EventLink, BrokerNode {
  readonly #options: BrokerLinkOptions;
  readonly #topics: BrokerTopics;
  readonly #node = randomNode();
  readonly #fingerprint: number;
  readonly #header = new BrokerHeader();
  #sequence = 0;
  #pendingBytes = 0;
  #up = false;
  #closed = false;
  #published = 0;
  #received = 0;
  readonly #counts: Record<Counted, number> = {
    dropped: 0,
    failed: 0,
    stale: 0,
    late: 0,
    otherVersion: 0,
    bad: 0,
  };

  /** Create, and start the broker. */
  constructor(options: BrokerLinkOptions) {
    this.#options = options;
    this.#fingerprint = parseInt(options.fingerprint.slice(0, 8), 16) >>> 0;
    this.#topics = new BrokerTopics(options.broker, (error) => options.onError(error));
    attempt(() => options.broker.start(this)).then(
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
      published: this.#published,
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
    if (this.#up) this.#topics.up();
    else this.#topics.down();
  }

  subscribe(topic: Topic): Promise<void> {
    return this.#topics.add(topic);
  }

  unsubscribe(topic: Topic): void {
    this.#topics.remove(topic);
  }

  prepare(payload: Uint8Array): Uint8Array | undefined {
    const length = BROKER_HEADER_BYTES + payload.length;
    if (!this.#up || this.#pendingBytes + length > this.#options.maxPendingBytes) {
      this.#counts.dropped++;
      return undefined;
    }
    const message = new Uint8Array(length);
    message.set(payload, BROKER_HEADER_BYTES);
    return message;
  }

  publish(topic: Topic, message: Uint8Array): void {
    const header = this.#header;
    header.fingerprint = this.#fingerprint;
    header.node = this.#node;
    header.sequence = ++this.#sequence;
    writeBrokerHeader(message, header);
    this.#published++;
    let sent: void | PromiseLike<void>;
    try {
      sent = this.#options.broker.publish(topic, message);
    } catch (error) {
      this.#publishFailed(error);
      return;
    }
    if (sent === undefined) return;
    const { length } = message;
    this.#pendingBytes += length;
    sent.then(() => {
      this.#pendingBytes -= length;
    }, (error) => {
      this.#pendingBytes -= length;
      this.#publishFailed(error);
    });
  }

  #publishFailed(cause: unknown): void {
    if (!this.#closed) this.#count("failed", "PublishFailed", "Cannot publish an event", cause);
  }

  deliver(topic: Topic, message: Uint8Array): void {
    if (this.#closed) return;
    const header = this.#header;
    if (!readBrokerHeader(message, header)) {
      this.#count("bad", "BadMessage", "A message of the broker has no header of ours");
      return;
    }
    if (header.node === this.#node) return;
    if (header.fingerprint !== this.#fingerprint) {
      this.#counts.otherVersion++;
      return;
    }
    const payload = message.subarray(BROKER_HEADER_BYTES);
    const { schema } = this.#options;
    try {
      if (schema !== undefined) validate(schema, payload);
    } catch (error) {
      this.#count("bad", "BadMessage", "A message of the broker holds no event of ours", error);
      return;
    }
    const seen = this.#topics.seen(topic);
    if (seen === undefined) this.#counts.late++;
    else if (!seen.accept(header.node, header.sequence)) this.#counts.stale++;
    else if (this.#options.deliver(topic, payload)) this.#received++;
    else this.#counts.late++;
  }

  /** Count, and report the 1st, 2nd, 4th, 8th …: a flood of errors is not answered by another. */
  #count(what: Counted, code: BrokerErrorCode, message: string, cause?: unknown): void {
    const count = ++this.#counts[what];
    if (Number.isInteger(Math.log2(count))) {
      this.#report(code, `${message} (${count} so far)`, cause);
    }
  }

  #report(code: BrokerErrorCode, message: string, cause: unknown): void {
    this.#options.onError(new BrokerError(code, message, { cause }));
  }

  /** Let go of the broker. */
  async close(): Promise<void> {
    if (this.#closed) return;
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
