/**
 * {@linkcode NatsBroker}: topics as subjects of NATS.
 *
 * @module
 */
import { type Broker, type BrokerNode, BrokerRefusal } from "../wire/broker.ts";
import { bytesOf, type Topic } from "../wire/topic.ts";
import { NatsClusters } from "./nats_clusters.ts";
import {
  about,
  type NatsConnection,
  type NatsMessage,
  type NatsSubscription,
} from "./nats_connection.ts";
import { SentMessages } from "./sent_messages.ts";
import { prefixesOf, type PrefixOptions, topicName } from "./topic_name.ts";

/** Bytes a topic may have: a subject must fit a line of NATS's protocol, of 4,096 bytes. */
export const MAX_NATS_TOPIC_BYTES = 2048;

/** Bytes that are sent before the server is asked whether it has seen them. */
const BYTES_PER_FLUSH = 1 << 19;
/** Bytes of memory that a message takes in the client besides its own. */
const MESSAGE_COST_BYTES = 512;
/** Probes without an answer after which the connection is given up. */
const SILENCES = 2;

interface Subscribed {
  readonly topic: Topic;
  readonly subject: string;
  readonly subscriptions: NatsSubscription[];
  error: unknown;
}

/** A broker over a NATS connection. */
export class NatsBroker implements Broker {
  readonly #connection: NatsConnection;
  readonly #options: PrefixOptions;
  readonly #subscribed = new Map<string, Subscribed>();
  #prefixes: readonly [string, ...string[]] = [""];
  #node: BrokerNode | undefined;
  #clusters: NatsClusters | undefined;
  #answer: Promise<void> | undefined;
  /** Flushes that somebody awaits to know whether a subscription was refused. */
  #awaited = 0;
  #alone: Promise<void> = Promise.resolve();
  #draining: Promise<void> | undefined;
  #unflushedBytes = 0;
  readonly #sent = new SentMessages();
  /** Refusals so far that did not say what they are about. */
  #unnamed = 0;
  #lastError: unknown;
  #silences = 0;
  #told = false;
  #maxSubjectLength = Infinity;
  #stopStatus: (() => void) | undefined;
  readonly messageCostBytes: number = MESSAGE_COST_BYTES;
  /** By the answer to a flush, where nothing comes back that the connection has sent. */
  readonly probe?: () => Promise<void>;

  /** Create for a connection. */
  constructor(connection: NatsConnection, options: PrefixOptions) {
    this.#connection = connection;
    this.#options = options;
    if (connection.options?.noEcho === true) {
      this.probe = async () => {
        await this.#flush();
        this.#silences = 0;
      };
    }
  }

  get maxMessageBytes(): number | undefined {
    return this.#connection.info?.max_payload;
  }

  start(node: BrokerNode): Promise<void> {
    if (this.#node !== undefined) throw new TypeError("Cannot start: this broker has a server");
    this.#prefixes = prefixesOf(this.#options, node.service);
    this.#node = node;
    this.#told = false;
    this.#clusters = new NatsClusters(this.#connection, this.#prefixes, node);
    void this.#connection.closed().then((reason) => {
      if (this.#node !== node) return;
      this.#clusters?.rest();
      node.link("down", reason ?? new Error("it was closed"), true);
    });
    void this.#watch(node);
    return this.#begin(node);
  }

  async #begin(node: BrokerNode): Promise<void> {
    let error: unknown;
    try {
      await this.#connection.flush();
    } catch (reason) {
      error = reason;
    }
    // A reconnecting client reports that itself.
    if (this.#node !== node || this.#told || this.#connection.isClosed?.() === true) return;
    if (error !== undefined) return node.link("down", error);
    await this.#clusters?.join();
  }

  async #watch(node: BrokerNode): Promise<void> {
    const statuses = this.#connection.status();
    if ("stop" in statuses && typeof statuses.stop === "function") {
      this.#stopStatus = statuses.stop.bind(statuses);
    }
    for await (const { type, error } of statuses) {
      if (this.#node !== node) return;
      if (type === "error") this.#refused(error);
      if (type !== "disconnect" && type !== "reconnect") continue;
      this.#told = true;
      this.#sent.clear();
      if (type === "reconnect") void this.#clusters?.join();
      else {
        this.#clusters?.rest();
        node.link("down", this.#lastError ?? new Error("the connection to NATS was lost"));
      }
      this.#lastError = undefined;
    }
  }

  /** The server has refused a request. A subscription is notified separately, if the error names it. */
  #refused(error: unknown): void {
    this.#lastError = error;
    const { operation, subject, message } = about(error);
    if (operation === "subscription") return;
    if (operation === "publish") {
      const sent = this.#sent.refuse(subject);
      if (sent === undefined) return;
      return this.#node?.refused(sent.topic, sent.events, new BrokerRefusal(error));
    }
    if (/control line/i.test(message)) return this.#tooLong(error);
    if (!/subscription/i.test(message)) return;
    this.#unnamed++;
    // A pending request learns of it from its own error. After a reconnect none is pending, so the refusal
    // may concern any subscription.
    if (this.#awaited === 0) this.#doubtAll(error);
  }

  #doubtAll(error: unknown): void {
    for (const { topic } of [...this.#subscribed.values()]) this.#fail(topic, error);
  }

  /** A subject does not fit a line: the longest in use is given up, and no other like it is taken. */
  #tooLong(error: unknown): void {
    const subscribed = [...this.#subscribed.values()];
    let longest = 0;
    for (const { subject } of [...subscribed, ...this.#sent]) {
      longest = Math.max(longest, subject.length);
    }
    this.#maxSubjectLength = longest - 1;
    for (const { topic, subject } of subscribed) {
      if (subject.length === longest) this.#fail(topic, error);
    }
  }

  #fail(topic: Topic, error: unknown): void {
    const entry = this.#subscribed.get(topic.key);
    if (entry === undefined) return;
    entry.error = error;
    this.unsubscribe(topic);
    this.#node?.unsubscribed(topic, new BrokerRefusal(error));
  }

  async subscribe(topic: Topic): Promise<void> {
    const entry = this.#subscribed.get(topic.key) ?? this.#open(topic);
    const unnamed = this.#unnamed;
    await this.#answered();
    if (entry.error === undefined && this.#unnamed !== unnamed) {
      await (this.#alone = this.#alone.then(() => this.#again(entry), () => this.#again(entry)));
    }
    if (entry.error !== undefined) throw new BrokerRefusal(entry.error);
    await this.#clusters?.know();
  }

  /** The server refused one of several and did not say which: ask for each by itself. */
  async #again(entry: Subscribed): Promise<void> {
    if (this.#subscribed.get(entry.topic.key) !== entry) return;
    const unnamed = this.#unnamed;
    for (const subscription of entry.subscriptions.splice(0)) subscription.unsubscribe();
    this.#listen(entry);
    await this.#answered();
    if (this.#unnamed === unnamed) return;
    entry.error = this.#lastError;
    this.unsubscribe(entry.topic);
  }

  #open(topic: Topic): Subscribed {
    const subject = this.#subject(topic);
    const entry: Subscribed = { topic, subject, subscriptions: [], error: undefined };
    this.#listen(entry);
    this.#subscribed.set(topic.key, entry);
    return entry;
  }

  #listen({ topic, subscriptions }: Subscribed): void {
    const callback = (error: Error | null, message: NatsMessage): void => {
      if (error === null) {
        this.#silences = 0;
        this.#node?.deliver(topic, message.data);
      } else this.#fail(topic, error);
    };
    const name = topicName(topic);
    for (const prefix of this.#prefixes) {
      subscriptions.push(this.#connection.subscribe(prefix + name, { callback }));
    }
  }

  unsubscribe(topic: Topic): void {
    const entry = this.#subscribed.get(topic.key);
    if (entry === undefined) return;
    this.#subscribed.delete(topic.key);
    for (const subscription of entry.subscriptions) subscription.unsubscribe();
  }

  publish(topic: Topic, message: Uint8Array, events: number): void | Promise<void> {
    const subject = this.#subscribed.get(topic.key)?.subject ?? this.#subject(topic);
    this.#connection.publish(subject, message);
    this.#sent.add(topic, subject, events);
    this.#unflushedBytes += message.length + MESSAGE_COST_BYTES;
    if (this.#unflushedBytes < BYTES_PER_FLUSH) return;
    // The client's buffer is unbounded; only the answer to a flush tells how much of it was sent.
    if (this.#draining === undefined) {
      const flushed = this.#connection.flush();
      this.#forgetSent(flushed).catch(() => {});
      this.#draining = flushed.finally(() => {
        this.#draining = undefined;
        this.#unflushedBytes = 0;
      });
    }
    return this.#draining;
  }

  /** What was sent before a flush is not refused any more once it is answered. */
  async #forgetSent(flushed: Promise<void>): Promise<void> {
    const { end } = this.#sent;
    await flushed;
    // Errors that the server sent before its answer surface several microtasks later.
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.#sent.forget(end);
  }

  /** The server has seen everything, and would have refused it by now. */
  #flush(): Promise<void> {
    return this.#forgetSent(this.#connection.flush());
  }

  /** One flush for all who ask in one turn. */
  #answered(): Promise<void> {
    return this.#answer ??= Promise.resolve().then(async () => {
      this.#answer = undefined;
      this.#awaited++;
      try {
        await this.#flush();
      } finally {
        this.#awaited--;
      }
    });
  }

  #subject(topic: Topic): string {
    const { length } = bytesOf(topic);
    if (length > MAX_NATS_TOPIC_BYTES) {
      throw tooLong(length, `${MAX_NATS_TOPIC_BYTES} fit a subject`);
    }
    const subject = this.#prefixes[0] + topicName(topic);
    if (subject.length > this.#maxSubjectLength) {
      throw tooLong(length, "its subject is longer than the server's lines");
    }
    return subject;
  }

  reset(): void {
    if (++this.#silences < SILENCES) return;
    this.#silences = 0;
    this.#connection.reconnect?.().catch(() => {});
  }

  close(): void {
    this.#node = undefined;
    this.#stopStatus?.();
    this.#clusters?.close();
    for (const { topic } of [...this.#subscribed.values()]) this.unsubscribe(topic);
    this.#sent.clear();
  }
}

function tooLong(bytes: number, why: string): BrokerRefusal {
  return new BrokerRefusal(new RangeError(`Cannot use a topic of ${bytes} bytes: ${why}`));
}
