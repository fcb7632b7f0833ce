/**
 * {@linkcode EventSwitch}: delivers events to subscribers.
 *
 * @module
 */
import type { Codec } from "../codec/archive.ts";
import type { Schema } from "../codec/schema.ts";
import type { Writer } from "../codec/writer.ts";
import { queue, type Sink } from "../stream/queue.ts";
import type { Deflater } from "../wire/deflater.ts";
import type { Limits } from "../wire/limits.ts";
import { ignore } from "../wire/listener.ts";
import { writeEvent, writeEventOf } from "../wire/server_message_writer.ts";
import { giveWriter, SendTally, SharedMessage, takeWriter } from "../wire/shared_message.ts";
import { checkTopicBytes, type Topic, topicKey, toTopic } from "../wire/topic.ts";

/** One connection, as seen by the switch. */
export interface Subscriber {
  /** Send an event. */
  deliver(message: SharedMessage): void;
}

/** The way to other nodes. */
export interface EventLink {
  /** Whether events are accepted now. */
  readonly open: boolean;
  /** The topic has its first subscriber on this node. */
  subscribe(topic: Topic): Promise<void>;
  /** The topic has lost its last. */
  unsubscribe(topic: Topic): void;
  /** Copy the writer's event, to send it to the other nodes after this turn. */
  publish(topic: Topic, writer: Writer): void;
  /** Count an event of the topic with this key that is not sent because the link is not open. */
  drop(key: string): void;
}

/** Sends events to the subscribers of their topic. Rust: `server.rs`, `EventEmitter`. */
export interface EventEmitter<Event> {
  /**
   * Send an event on a topic: to this node's subscribers, then to the broker, if there is one. It is archived
   * once and deflated once per level, for any number of receivers. Without subscribers and broker it is still
   * archived, so that an invalid event is found early: about 1 µs for a small one. Use `topicNotifications()` to
   * avoid creating costly events for topics without subscribers.
   *
   * @throws {RangeError} If the topic has more than `maxTopicBytes`.
   * @throws {CodecError} If the event cannot be encoded.
   * @throws {TypeError} If the service declares no events.
   */
  emit(topic: Topic | string, event: Event): void;
  /** Send an archived event. */
  emitRaw(topic: Topic | string, payload: Uint8Array): void;
}

/** A topic got its first subscriber, or lost its last. Rust: `server.rs`, `TopicNotification`. */
export interface TopicNotification {
  /** Which of the two. */
  readonly type: "created" | "removed";
  /** The topic. */
  readonly topic: Topic;
}

/** Most queued notifications of one consumer; beyond it the oldest are dropped and counted. */
export const MAX_QUEUED_NOTIFICATIONS = 4096;

/**
 * The notifications since its creation. Ends with the server, when the loop is left, by `return()`, or some time
 * after it was garbage-collected.
 *
 * At most {@linkcode MAX_QUEUED_NOTIFICATIONS} are queued; {@linkcode TopicNotifications.dropped} counts the rest.
 */
export interface TopicNotifications
  extends AsyncIterableIterator<TopicNotification, undefined>, AsyncDisposable {
  /** Notifications dropped because the consumer was too slow. */
  readonly dropped: number;
  /** Stop. */
  return(): Promise<IteratorResult<TopicNotification, undefined>>;
}

/** The notifications pushed to `sinks` from now on, until they end. */
export function notificationsOf(sinks: Set<Sink<TopicNotification>>): TopicNotifications {
  return queue({ maxItems: MAX_QUEUED_NOTIFICATIONS, onAbort: () => ignore }, (push, end) => {
    const sink: Sink<TopicNotification> = { push, end };
    sinks.add(sink);
    return () => sinks.delete(sink);
  });
}

interface Entry {
  readonly topic: Topic;
  readonly subscribers: Set<Subscriber>;
}

/** The result of subscribing without a broker. */
const DONE: Promise<void> = Promise.resolve();

/**
 * Topics and their subscribers, in the order they subscribed.
 *
 * Rust: `server.rs`, `EventSwitch`. Unlike there, an ended connection leaves nothing behind.
 */
export class EventSwitch implements EventEmitter<unknown> {
  readonly #entries = new Map<string, Entry>();
  readonly #notifications = new Set<Sink<TopicNotification>>();
  readonly #schema: Schema<unknown> | undefined;
  readonly #deflater: Deflater;
  readonly #limits: Limits;
  readonly #codec: Codec;
  /** The senders' shared options. */
  readonly tally: SendTally = new SendTally();
  /** The link to the broker, if there is one. */
  link: EventLink | undefined;
  #closed = false;

  /** Create for events of a schema. */
  constructor(
    schema: Schema<unknown> | undefined,
    deflater: Deflater,
    limits: Limits,
    codec: Codec,
  ) {
    this.#schema = schema;
    this.#deflater = deflater;
    this.#limits = limits;
    this.#codec = codec;
  }

  /** Topics with subscribers. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * Add a subscriber to a topic; idempotent. Resolves when events of other nodes arrive too, and rejects if they
   * don't. The rejection may be ignored.
   */
  subscribe(topic: Topic, subscriber: Subscriber): Promise<void> {
    const entry = this.#entries.get(topic.key);
    if (entry !== undefined) entry.subscribers.add(subscriber);
    else {
      this.#entries.set(topic.key, { topic, subscribers: new Set([subscriber]) });
      this.#notify({ type: "created", topic });
    }
    return this.link === undefined ? DONE : this.link.subscribe(topic);
  }

  /** Remove a subscriber from a topic. */
  unsubscribe(topic: Topic, subscriber: Subscriber): void {
    const entry = this.#entries.get(topic.key);
    if (entry === undefined || !entry.subscribers.delete(subscriber)) return;
    if (entry.subscribers.size > 0) return;
    this.#entries.delete(topic.key);
    this.#notify({ type: "removed", topic: entry.topic });
    this.link?.unsubscribe(entry.topic);
  }

  emit(topic: Topic | string, event: unknown): void {
    checkTopicBytes(topic, this.#limits.maxTopicBytes);
    if (this.#schema === undefined) {
      throw new TypeError("Cannot emit an event: the service declares none");
    }
    const key = topicKey(topic);
    const entry = this.#entries.get(key);
    const to = entry?.topic ?? toTopic(topic);
    const writer = takeWriter(this.#limits.maxDepth);
    try {
      // Also without subscribers: an invalid event must be found at once.
      writeEventOf(this.#codec, writer, to, this.#schema, event);
    } catch (error) {
      giveWriter(writer);
      throw error;
    }
    if (entry === undefined && !this.#leaves(key)) giveWriter(writer);
    else this.#send(entry, to, writer, this.link);
  }

  emitRaw(topic: Topic | string, payload: Uint8Array): void {
    checkTopicBytes(topic, this.#limits.maxTopicBytes);
    const key = topicKey(topic);
    const entry = this.#entries.get(key);
    if (entry === undefined && !this.#leaves(key)) return;
    const to = entry?.topic ?? toTopic(topic);
    const writer = takeWriter();
    writeEvent(writer, to, payload);
    this.#send(entry, to, writer, this.link);
  }

  /** Whether an event without local subscribers has any receiver. */
  #leaves(key: string): boolean {
    if (this.link === undefined || this.link.open) return this.link !== undefined;
    this.link.drop(key);
    return false;
  }

  /** Send another node's event to this node's subscribers. Returns false if there are none. */
  receive(topic: Topic, payload: Uint8Array): boolean {
    const entry = this.#entries.get(topic.key);
    if (entry === undefined) return false;
    const writer = takeWriter();
    writeEvent(writer, entry.topic, payload);
    this.#send(entry, topic, writer, undefined);
    return true;
  }

  /** Send a writer's event to local subscribers, if there are any, then by a link, and take the writer back. */
  #send(
    entry: Entry | undefined,
    topic: Topic,
    writer: Writer,
    link: EventLink | undefined,
  ): void {
    if (entry === undefined) {
      link?.publish(topic, writer);
      return giveWriter(writer);
    }
    const { subscribers } = entry;
    const message = new SharedMessage(writer, this.#deflater, this.tally);
    // Subscribers added during delivery don't receive this event.
    let left = subscribers.size;
    for (const subscriber of subscribers) {
      if (left-- === 0) break;
      subscriber.deliver(message);
    }
    link?.publish(topic, writer);
    message.done();
  }

  /** The topics created and removed from now on. */
  notifications(): TopicNotifications {
    const notifications = notificationsOf(this.#notifications);
    if (this.#closed) this.close();
    return notifications;
  }

  #notify(notification: TopicNotification): void {
    for (const notifications of this.#notifications) notifications.push(notification);
  }

  /** End the notifications. */
  close(): void {
    this.#closed = true;
    for (const notifications of this.#notifications) notifications.end();
  }
}
