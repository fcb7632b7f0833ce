/**
 * {@linkcode EventSwitch}: which connections an event goes to.
 *
 * @module
 */
import type { Sink } from "../stream/queue.ts";
import { type Codec, interpret } from "../codec/archive.ts";
import type { Schema } from "../codec/schema.ts";
import type { Writer } from "../codec/writer.ts";
import type { Deflater } from "../wire/deflater.ts";
import { DEFAULT_LIMITS, type Limits } from "../wire/limits.ts";
import { writeEvent, writeEventOf } from "../wire/messages.ts";
import { giveWriter, SendTally, SharedMessage, takeWriter } from "../wire/shared_message.ts";
import { checkTopicBytes, type Topic, topicKey, toTopic } from "../wire/topic.ts";
import {
  notificationsOf,
  type TopicNotification,
  type TopicNotifications,
} from "./topic_notifications.ts";

/** One connection, as the switch sees it. */
export interface Subscriber {
  /** Send an event's message. */
  deliver(message: SharedMessage): void;
}

/** Sends events to whoever is subscribed to their topic. Rust: `server.rs`, `EventEmitter`. */
export interface EventEmitter<Event> {
  /**
   * Send an event on a topic: to this node's subscribers, then to the broker, if there is one. It is
   * archived once and deflated once a level, however many receive it. With no subscriber and no broker
   * it is archived all the same, so that a wrong event is found before there are any: about a
   * microsecond for a small one. What is costly to make need not be made while `topicNotifications()`
   * says that nobody is there.
   *
   * @throws {RangeError} If the topic has more than `maxTopicBytes`.
   * @throws {CodecError} If the event cannot be encoded.
   * @throws {TypeError} If the service declares no events.
   */
  emit(topic: Topic | string, event: Event): void;
  /** Send an event that is archived already. */
  emitRaw(topic: Topic | string, payload: Uint8Array): void;
}

/** What the switch uses of the link to a broker. */
export interface EventLink {
  /** Whether events are taken at present. */
  readonly open: boolean;
  /** The topic has its first subscriber here. */
  subscribe(topic: Topic): Promise<void>;
  /** The topic has lost its last. */
  unsubscribe(topic: Topic): void;
  /** Copy the event that a writer holds, to be sent to the other nodes after this turn. */
  publish(topic: Topic, writer: Writer): void;
  /** Count an event of the topic with this key that is not sent because the link is not open. */
  drop(key: string): void;
}

interface Entry {
  readonly topic: Topic;
  readonly subscribers: Set<Subscriber>;
}

/** What adding a subscription resolves to where there is nobody to ask. */
const DONE: Promise<void> = Promise.resolve();

/**
 * Topics and their subscribers, in the order they subscribed.
 *
 * Rust: `server.rs`, `EventSwitch`; unlike there, a connection that ends leaves nothing behind.
 */
export class EventSwitch<Event> implements EventEmitter<Event> {
  readonly #entries = new Map<string, Entry>();
  readonly #notifications = new Set<Sink<TopicNotification>>();
  readonly #schema: Schema<Event> | undefined;
  readonly #deflater: Deflater;
  readonly #limits: Pick<Limits, "maxTopicBytes" | "maxDepth">;
  readonly #codec: Codec;
  /** What is sent by all who hear events, and else. */
  readonly tally: SendTally = new SendTally();
  /** The link to the broker, if there is one. */
  link: EventLink | undefined;
  #closed = false;

  /** Create for events of a schema. */
  constructor(
    schema: Schema<Event> | undefined,
    deflater: Deflater,
    limits: Pick<Limits, "maxTopicBytes" | "maxDepth"> = DEFAULT_LIMITS,
    codec: Codec = interpret,
  ) {
    this.#schema = schema;
    this.#deflater = deflater;
    this.#limits = limits;
    this.#codec = codec;
  }

  /** Topics that somebody is subscribed to. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * Add a subscriber to a topic; twice is once. Resolves when events of other nodes come too, and rejects
   * if they do not; that may be left unseen.
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

  /** Take a subscriber from a topic. */
  unsubscribe(topic: Topic, subscriber: Subscriber): void {
    const entry = this.#entries.get(topic.key);
    if (entry === undefined || !entry.subscribers.delete(subscriber)) return;
    if (entry.subscribers.size > 0) return;
    this.#entries.delete(topic.key);
    this.#notify({ type: "removed", topic: entry.topic });
    this.link?.unsubscribe(entry.topic);
  }

  emit(topic: Topic | string, event: Event): void {
    checkTopicBytes(topic, this.#limits.maxTopicBytes);
    if (this.#schema === undefined) {
      throw new TypeError("Cannot emit an event: the service declares none");
    }
    const key = topicKey(topic);
    const entry = this.#entries.get(key);
    const to = entry?.topic ?? toTopic(topic);
    const writer = takeWriter(this.#limits.maxDepth);
    try {
      // Also where nobody hears it: a wrong event must not wait for its first subscriber to be found.
      writeEventOf(this.#codec, writer, to, this.#schema, event);
    } catch (error) {
      giveWriter(writer);
      throw error;
    }
    if (entry === undefined && !this.#leaves(key)) giveWriter(writer);
    else this.#send(entry, to, writer);
  }

  emitRaw(topic: Topic | string, payload: Uint8Array): void {
    checkTopicBytes(topic, this.#limits.maxTopicBytes);
    const key = topicKey(topic);
    const entry = this.#entries.get(key);
    if (entry === undefined && !this.#leaves(key)) return;
    const to = entry?.topic ?? toTopic(topic);
    const writer = takeWriter();
    writeEvent(writer, to, payload);
    this.#send(entry, to, writer);
  }

  /** Whether an event that nobody here is subscribed to goes anywhere. */
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
    const message = new SharedMessage(writer, this.#deflater, this.tally);
    this.#deliver(entry, message);
    message.done();
    return true;
  }

  #send(entry: Entry | undefined, topic: Topic, writer: Writer): void {
    if (entry === undefined) {
      this.link?.publish(topic, writer);
      return giveWriter(writer);
    }
    const message = new SharedMessage(writer, this.#deflater, this.tally);
    this.#deliver(entry, message);
    this.link?.publish(topic, writer);
    message.done();
  }

  #deliver({ subscribers }: Entry, message: SharedMessage): void {
    // Subscribers that are added by a delivery are not for this event.
    let left = subscribers.size;
    for (const subscriber of subscribers) {
      if (left-- === 0) break;
      subscriber.deliver(message);
    }
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
