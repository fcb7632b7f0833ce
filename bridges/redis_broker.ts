/**
 * {@linkcode RedisBroker}: topics as channels of Redis.
 *
 * @module
 */
import { type Broker, type BrokerNode, BrokerRefusal } from "../wire/broker.ts";
import type { Topic } from "../wire/topic.ts";
import { type RedisClient, RedisConnections, type RedisListener } from "./redis_client.ts";
import { prefixesOf, type PrefixOptions, topicName } from "./topic_name.ts";

/** Milliseconds until connecting is tried again: at first, and at most. */
const RETRY_MS = 50;
const MAX_RETRY_MS = 1000;
/** Probes without an answer after which the connections are given up. */
const SILENCES = 2;
/** Messages on their way: each is a command, promises and timers, some 6 KiB. */
const MAX_MESSAGES_IN_FLIGHT = 4096;

interface Subscribed {
  readonly channels: readonly string[];
  readonly answer: Promise<unknown>;
}

/** A broker over two connections of its own. */
export class RedisBroker implements Broker {
  readonly #client: RedisClient;
  readonly #options: PrefixOptions;
  #prefixes: readonly [string, ...string[]] = [""];
  /** Of the connections that there are: others know nothing. */
  readonly #subscribed = new Map<string, Subscribed>();
  readonly #topics = new Map<string, Topic>();
  #node: BrokerNode | undefined;
  #connections: RedisConnections | undefined;
  #silences = 0;
  #wake: (() => void) | undefined;
  readonly maxMessagesInFlight: number = MAX_MESSAGES_IN_FLIGHT;

  /** Create for the server of a client. */
  constructor(client: RedisClient, options: PrefixOptions) {
    this.#client = client;
    this.#options = options;
  }

  start(node: BrokerNode): void {
    if (this.#node !== undefined) throw new TypeError("Cannot start: this broker has a server");
    this.#prefixes = prefixesOf(this.#options, node.service);
    this.#node = node;
    void this.#run(node);
  }

  /** Keep two connections, and make new ones when they end. */
  async #run(node: BrokerNode): Promise<void> {
    for (let retryMs = RETRY_MS; this.#node === node;) {
      const connections = this.#connections = new RedisConnections(this.#client);
      let reason: unknown;
      try {
        await connections.open();
        this.#silences = 0;
        if (this.#node === node) node.link("up");
        retryMs = RETRY_MS;
        reason = await connections.ended;
      } catch (error) {
        reason = error;
      }
      connections.end(reason);
      if (this.#node !== node) return;
      this.#connections = undefined;
      this.#subscribed.clear();
      this.#topics.clear();
      node.link("down", reason);
      await this.#sleep(retryMs * (0.5 + Math.random()));
      retryMs = Math.min(2 * retryMs, MAX_RETRY_MS);
    }
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async subscribe(topic: Topic): Promise<void> {
    const entry = this.#subscribed.get(topic.key) ?? this.#open(topic);
    try {
      await entry.answer;
    } catch (error) {
      if (this.#subscribed.get(topic.key) === entry) this.#forget(topic, entry);
      throw refusal(error);
    }
  }

  #open(topic: Topic): Subscribed {
    const { subscriber } = this.#connected();
    const name = topicName(topic);
    const channels = this.#prefixes.map((prefix) => prefix + name);
    for (const channel of channels) this.#topics.set(channel, topic);
    const answer = Promise.all(
      channels.map((channel) => subscriber.subscribe(channel, this.#onMessage, true)),
    );
    const entry: Subscribed = { channels, answer };
    this.#subscribed.set(topic.key, entry);
    return entry;
  }

  #connected(): RedisConnections {
    if (this.#connections === undefined) throw new Error("Redis is not connected");
    return this.#connections;
  }

  #forget(topic: Topic, { channels }: Subscribed): void {
    this.#subscribed.delete(topic.key);
    for (const channel of channels) this.#topics.delete(channel);
  }

  /** One for all channels: the client calls a listener that is there twice only once. */
  readonly #onMessage: RedisListener = (message, channel) => {
    const topic = this.#topics.get(channel.toString());
    if (topic !== undefined) this.#node?.deliver(topic, message);
  };

  async unsubscribe(topic: Topic): Promise<void> {
    const entry = this.#subscribed.get(topic.key);
    if (entry === undefined) return;
    this.#forget(topic, entry);
    const subscriber = this.#connections?.subscriber;
    // A Sentinel's types omit the argument that its subscriber receives.
    const listener = this.#onMessage as (message: unknown, channel: unknown) => void;
    await Promise.all(
      entry.channels.map((channel) => subscriber?.unsubscribe(channel, listener, true)),
    );
  }

  async publish(topic: Topic, message: Uint8Array): Promise<void> {
    const channel = this.#subscribed.get(topic.key)?.channels[0] ??
      this.#prefixes[0] + topicName(topic);
    try {
      await this.#connected().publisher.publish(channel, asBuffer(message));
    } catch (error) {
      throw refusal(error);
    }
  }

  reset(): void {
    if (++this.#silences < SILENCES) return;
    this.#connections?.end(new Error("the connections to Redis do not carry messages"));
  }

  close(): void {
    this.#node = undefined;
    this.#wake?.();
    this.#connections?.end(new Error("the broker is closed"));
    this.#connections = undefined;
    this.#subscribed.clear();
    this.#topics.clear();
  }
}

/** An error that Redis has answered with is a refusal: it begins with a word in capitals. */
function refusal(error: unknown): unknown {
  const refused = error instanceof Error && /^(?:NOPERM|ERR|OOM|NOAUTH) /.test(error.message);
  return refused ? new BrokerRefusal(error) : error;
}

/** The client takes bytes as a `Buffer` alone, which is global wherever it runs. */
function asBuffer({ buffer, byteOffset, length }: Uint8Array): Uint8Array {
  const { Buffer } = globalThis as unknown as {
    Buffer: { from(buffer: ArrayBufferLike, start: number, length: number): Uint8Array };
  };
  return Buffer.from(buffer, byteOffset, length);
}
