/**
 * Several nodes over Redis: `serve(Chat, { broker: redisBroker(client) }, …)`.
 *
 * @example Usage
 * ```ts ignore
 * import { redisBroker } from "@hardlight/hardlight/redis";
 * import { serve } from "@hardlight/hardlight/server";
 * import { createClient } from "redis";
 *
 * const redis = await createClient({ pingInterval: 2000 }).on("error", console.error).connect();
 * await using server = await serve(Chat, { port: 8080, broker: redisBroker(redis) }, handler);
 * ```
 *
 * @module
 */
import type { Broker, BrokerNode } from "../wire/broker.ts";
import type { Topic } from "../wire/topic.ts";
import { checkPrefix, topicName } from "./topic_name.ts";

export type { Broker, BrokerNode } from "../wire/broker.ts";
export { Topic } from "../wire/topic.ts";

/** A client of Redis, by what is used of it: `redis` (node-redis) 5 and later. */
export interface RedisClient {
  /** Whether commands can be sent. */
  readonly isReady: boolean;
  /** Another client of the same server. */
  duplicate(): RedisClient;
  /** Connect, and connect again whenever the connection is lost. */
  connect(): Promise<unknown>;
  /** Close without waiting. */
  destroy(): void;
  /** Send a message. */
  publish(channel: string, message: string | Uint8Array): Promise<unknown>;
  /** Let a channel's messages come; after a reconnect they come again by themselves. */
  subscribe(channel: string, listener: RedisListener, bufferMode: true): Promise<unknown>;
  /** Stop them. */
  unsubscribe(channel: string, listener: RedisListener, bufferMode: true): Promise<unknown>;
  /** Hear of `ready`, `reconnecting`, `end` and `error`. */
  on(event: string, listener: (error?: unknown) => void): unknown;
  /** Hear of them no more. */
  off(event: string, listener: (error?: unknown) => void): unknown;
}

/** Gets messages; the channel is a `Buffer`, too. */
export type RedisListener = (message: Uint8Array, channel: { toString(): string }) => void;

/** What {@linkcode redisBroker} can be told. */
export interface RedisBrokerOptions {
  /** What channels begin with; one for each service. Default: `"hardlight."`. */
  readonly prefix?: string | undefined;
}

/**
 * A broker over a client of Redis, which stays the caller's to close. It publishes; a duplicate of it,
 * which is the broker's, is subscribed. Give it a `pingInterval`: a link that dies without a word is found
 * out by it alone. A message counts as on the way until Redis has answered it.
 *
 * A topic's channel is the prefix, `s.` for text or `b.` for bytes, and the topic's bytes in base64url
 * without padding, or `=` if there are none.
 *
 * @throws {TypeError} If the prefix is not made of names that each end in a dot.
 */
export function redisBroker(client: RedisClient, options: RedisBrokerOptions = {}): Broker {
  const { prefix = "hardlight." } = options;
  checkPrefix(prefix);
  return new RedisBroker(client, prefix);
}

interface Subscribed {
  readonly channel: string;
  readonly answer: Promise<unknown>;
}

const CHANGES = ["ready", "reconnecting", "end"] as const;

class RedisBroker implements Broker {
  readonly #publisher: RedisClient;
  readonly #prefix: string;
  readonly #subscribed = new Map<string, Subscribed>();
  readonly #topics = new Map<string, Topic>();
  #subscriber: RedisClient | undefined;
  #node: BrokerNode | undefined;
  #up = false;
  #error: unknown;

  constructor(client: RedisClient, prefix: string) {
    this.#publisher = client;
    this.#prefix = prefix;
  }

  async start(node: BrokerNode): Promise<void> {
    if (this.#subscriber !== undefined) {
      throw new TypeError("Cannot start: this broker has a server");
    }
    this.#node = node;
    const subscriber = this.#subscriber = this.#publisher.duplicate();
    for (const client of [this.#publisher, subscriber]) {
      for (const change of CHANGES) client.on(change, this.#onChange);
      client.on("error", this.#onError);
    }
    try {
      await subscriber.connect();
    } catch (error) {
      if (this.#node !== undefined) throw error;
    }
  }

  readonly #onError = (error: unknown): void => {
    this.#error = error;
  };

  readonly #onChange = (): void => {
    const up = this.#publisher.isReady && this.#subscriber?.isReady === true;
    if (up === this.#up) return;
    this.#up = up;
    this.#node?.link(up ? "up" : "down", up ? undefined : this.#error);
  };

  async subscribe(topic: Topic): Promise<void> {
    const entry = this.#subscribed.get(topic.key) ?? this.#open(topic);
    try {
      await entry.answer;
    } catch (error) {
      if (this.#subscribed.get(topic.key) === entry) this.#forget(topic, entry);
      throw error;
    }
  }

  #open(topic: Topic): Subscribed {
    const subscriber = this.#subscriber;
    if (subscriber === undefined) throw new TypeError("Cannot subscribe: the broker has no server");
    const channel = this.#channel(topic);
    this.#topics.set(channel, topic);
    const entry = { channel, answer: subscriber.subscribe(channel, this.#onMessage, true) };
    this.#subscribed.set(topic.key, entry);
    return entry;
  }

  #forget(topic: Topic, { channel }: Subscribed): void {
    this.#subscribed.delete(topic.key);
    this.#topics.delete(channel);
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
    await this.#subscriber?.unsubscribe(entry.channel, this.#onMessage, true);
  }

  async publish(topic: Topic, message: Uint8Array): Promise<void> {
    const channel = this.#subscribed.get(topic.key)?.channel ?? this.#channel(topic);
    await this.#publisher.publish(channel, asBuffer(message));
  }

  #channel(topic: Topic): string {
    return this.#prefix + topicName(topic);
  }

  close(): void {
    this.#node = undefined;
    for (const change of CHANGES) this.#publisher.off(change, this.#onChange);
    this.#publisher.off("error", this.#onError);
    this.#subscriber?.destroy();
  }
}

/** The client takes bytes as a `Buffer` alone, which is global wherever it runs. */
function asBuffer({ buffer, byteOffset, length }: Uint8Array): Uint8Array {
  const { Buffer } = globalThis as unknown as {
    Buffer: { from(buffer: ArrayBufferLike, start: number, length: number): Uint8Array };
  };
  return Buffer.from(buffer, byteOffset, length);
}
