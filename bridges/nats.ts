/**
 * Several nodes over NATS: `serve(Chat, { broker: natsBroker(connection) }, …)`.
 *
 * @example Usage
 * ```ts ignore
 * import { natsBroker } from "@hardlight/hardlight/nats";
 * import { serve } from "@hardlight/hardlight/server";
 * import { connect } from "@nats-io/transport-node";
 *
 * const nats = await connect({ servers: "localhost:4222", maxReconnectAttempts: -1, noEcho: true });
 * await using server = await serve(Chat, { port: 8080, broker: natsBroker(nats) }, handler);
 * ```
 *
 * @module
 */
import type { Broker, BrokerNode } from "../wire/broker.ts";
import { Topic } from "../wire/topic.ts";
import { checkPrefix, topicName } from "./topic_name.ts";

export type { Broker, BrokerNode } from "../wire/broker.ts";
export { Topic } from "../wire/topic.ts";

/** A NATS connection, by what is used of it: `@nats-io/transport-node`, `-deno`, `nats-core`, or `nats` 2. */
export interface NatsConnection {
  /** Send a message. */
  publish(subject: string, payload: Uint8Array): void;
  /** Let a subject's messages come. */
  subscribe(
    subject: string,
    options: { callback(error: Error | null, message: NatsMessage): void },
  ): NatsSubscription;
  /** Resolves when the server has seen everything sent so far. */
  flush(): Promise<void>;
  /** What happens to the link. */
  status(): AsyncIterable<{ readonly type: string }>;
  /** Resolves when the connection has ended for good. */
  closed(): Promise<unknown>;
}

/** A message, by what is used of it. */
export interface NatsMessage {
  /** The payload. */
  readonly data: Uint8Array;
}

/** A subscription, by what is used of it. */
export interface NatsSubscription {
  /** Stop it. */
  unsubscribe(): void;
}

/** What {@linkcode natsBroker} can be told. */
export interface NatsBrokerOptions {
  /** What subjects begin with; one for each service. Default: `"hardlight."`. */
  readonly prefix?: string | undefined;
}

/** Bytes a topic may have: a subject must fit a line of NATS's protocol, of 4,096 bytes. */
export const MAX_NATS_TOPIC_BYTES = 2048;

/** Bytes that are sent before the server is asked whether it has seen them. */
const BYTES_PER_FLUSH = 65_536;

interface Subscribed {
  readonly subject: string;
  readonly subscription: NatsSubscription;
  error: Error | undefined;
}

/**
 * A broker over a NATS connection, which stays the caller's to close. Let it reconnect without end,
 * `maxReconnectAttempts: -1`, and not send back what the node itself has published, `noEcho: true`: the
 * node would drop it, but only after it came. Servers that share a connection need the echo. A link that
 * dies without a word is found out by pings: `pingInterval` is two minutes unless set.
 *
 * A topic's subject is the prefix, `s.` for text or `b.` for bytes, and the topic's bytes in base64url
 * without padding, or `=` if there are none.
 *
 * @throws {TypeError} If the prefix is no beginning of a subject.
 */
export function natsBroker(connection: NatsConnection, options: NatsBrokerOptions = {}): Broker {
  const { prefix = "hardlight." } = options;
  checkPrefix(prefix);
  return new NatsBroker(connection, prefix);
}

class NatsBroker implements Broker {
  readonly #connection: NatsConnection;
  readonly #prefix: string;
  readonly #subscribed = new Map<string, Subscribed>();
  #node: BrokerNode | undefined;
  #flushing: Promise<void> | undefined;
  #draining: Promise<void> | undefined;
  #unflushedBytes = 0;
  #stopStatus: (() => void) | undefined;

  constructor(connection: NatsConnection, prefix: string) {
    this.#connection = connection;
    this.#prefix = prefix;
  }

  async start(node: BrokerNode): Promise<void> {
    if (this.#node !== undefined) throw new TypeError("Cannot start: this broker has a server");
    this.#node = node;
    void this.#connection.closed().then((reason) => this.#node?.link("down", reason));
    void this.#watch(node);
    await this.#connection.flush();
    this.#node?.link("up");
  }

  async #watch(node: BrokerNode): Promise<void> {
    const statuses = this.#connection.status();
    if ("stop" in statuses && typeof statuses.stop === "function") {
      this.#stopStatus = statuses.stop.bind(statuses);
    }
    for await (const { type } of statuses) {
      if (this.#node === undefined) return;
      if (type === "disconnect") node.link("down");
      else if (type === "reconnect") node.link("up");
    }
  }

  async subscribe(topic: Topic): Promise<void> {
    let entry = this.#subscribed.get(topic.key);
    if (entry === undefined) {
      entry = this.#open(topic);
      this.#subscribed.set(topic.key, entry);
    }
    // A refusal comes before the answer to a flush.
    await this.#flush();
    if (entry.error !== undefined) throw entry.error;
  }

  #open(topic: Topic): Subscribed {
    const subject = this.#subject(topic);
    const callback = (error: Error | null, message: NatsMessage): void => {
      if (error === null) return this.#node?.deliver(topic, message.data);
      entry.error = error;
      if (this.#subscribed.get(topic.key) === entry) this.#subscribed.delete(topic.key);
    };
    const subscription = this.#connection.subscribe(subject, { callback });
    const entry: Subscribed = { subject, subscription, error: undefined };
    return entry;
  }

  unsubscribe(topic: Topic): void {
    const entry = this.#subscribed.get(topic.key);
    if (entry === undefined) return;
    this.#subscribed.delete(topic.key);
    entry.subscription.unsubscribe();
  }

  publish(topic: Topic, message: Uint8Array): void | Promise<void> {
    const subject = this.#subscribed.get(topic.key)?.subject ?? this.#subject(topic);
    this.#connection.publish(subject, message);
    this.#unflushedBytes += message.length;
    if (this.#unflushedBytes < BYTES_PER_FLUSH) return;
    // The client buffers without bound: what it has not got rid of is known by the answer to a flush.
    return this.#draining ??= this.#flush().finally(() => {
      this.#draining = undefined;
      this.#unflushedBytes = 0;
    });
  }

  /** One flush for all who ask in one turn. */
  #flush(): Promise<void> {
    return this.#flushing ??= Promise.resolve().then(() => {
      this.#flushing = undefined;
      return this.#connection.flush();
    });
  }

  #subject(topic: Topic): string {
    const { length } = Topic.bytesOf(topic);
    if (length > MAX_NATS_TOPIC_BYTES) {
      throw new RangeError(
        `Cannot use a topic of ${length} bytes: ${MAX_NATS_TOPIC_BYTES} fit a subject`,
      );
    }
    return this.#prefix + topicName(topic);
  }

  close(): void {
    this.#node = undefined;
    this.#stopStatus?.();
    for (const { subscription } of this.#subscribed.values()) subscription.unsubscribe();
    this.#subscribed.clear();
  }
}
