/**
 * {@linkcode EventSwitch}: which connections an event goes to.
 *
 * @module
 */
import type { Schema } from "../codec/schema.ts";
import type { Deflater } from "../wire/deflater.ts";
import { writeEvent, writeEventOf } from "../wire/messages.ts";
import { giveWriter, SharedMessage, takeWriter } from "../wire/sender.ts";
import { type Topic, topicKey, toTopic } from "../wire/topic.ts";
import { type TopicNotification, TopicNotifications } from "./topic_notifications.ts";

/** One connection, as the switch sees it. */
export interface Subscriber {
  /** Send an event's message. */
  deliver(message: SharedMessage): void;
}

/** Sends events to whoever is subscribed to their topic. Rust: `server.rs`, `EventEmitter`. */
export interface EventEmitter<Event> {
  /**
   * Send an event on a topic. It is archived once and deflated once a level, however many receive it;
   * with no subscriber this does nothing.
   *
   * @throws {CodecError} If somebody is subscribed and the event cannot be encoded.
   */
  emit(topic: Topic | string, event: Event): void;
  /** Send an event that is archived already. */
  emitRaw(topic: Topic | string, payload: Uint8Array): void;
}

interface Entry {
  readonly topic: Topic;
  readonly subscribers: Set<Subscriber>;
}

/**
 * Topics and their subscribers, in the order they subscribed.
 *
 * Rust: `server.rs`, `EventSwitch`; unlike there, a connection that ends leaves nothing behind.
 */
export class EventSwitch<Event> implements EventEmitter<Event> {
  readonly #entries = new Map<string, Entry>();
  readonly #notifications = new Set<TopicNotifications>();
  readonly #schema: Schema<Event> | undefined;
  readonly #deflater: Deflater;
  #closed = false;

  /** Create for events of a schema. */
  constructor(schema: Schema<Event> | undefined, deflater: Deflater) {
    this.#schema = schema;
    this.#deflater = deflater;
  }

  /** Topics that somebody is subscribed to. */
  get size(): number {
    return this.#entries.size;
  }

  /** Add a subscriber to a topic; twice is once. */
  subscribe(topic: Topic, subscriber: Subscriber): void {
    const entry = this.#entries.get(topic.key);
    if (entry !== undefined) {
      entry.subscribers.add(subscriber);
      return;
    }
    this.#entries.set(topic.key, { topic, subscribers: new Set([subscriber]) });
    this.#notify({ type: "created", topic });
  }

  /** Take a subscriber from a topic. */
  unsubscribe(topic: Topic, subscriber: Subscriber): void {
    const entry = this.#entries.get(topic.key);
    if (entry === undefined || !entry.subscribers.delete(subscriber)) return;
    if (entry.subscribers.size > 0) return;
    this.#entries.delete(topic.key);
    this.#notify({ type: "removed", topic: entry.topic });
  }

  emit(topic: Topic | string, event: Event): void {
    const entry = this.#entries.get(topicKey(topic));
    if (entry === undefined) return;
    if (this.#schema === undefined) {
      throw new TypeError("Cannot emit an event: the service declares none");
    }
    const writer = takeWriter();
    try {
      writeEventOf(writer, entry.topic, this.#schema, event);
    } catch (error) {
      giveWriter(writer);
      throw error;
    }
    this.#deliver(entry, new SharedMessage(writer, this.#deflater));
  }

  emitRaw(topic: Topic | string, payload: Uint8Array): void {
    const entry = this.#entries.get(topicKey(topic));
    if (entry === undefined) return;
    const writer = takeWriter();
    writeEvent(writer, toTopic(topic), payload);
    this.#deliver(entry, new SharedMessage(writer, this.#deflater));
  }

  #deliver({ subscribers }: Entry, message: SharedMessage): void {
    // Subscribers that are added by a delivery are not for this event.
    let left = subscribers.size;
    for (const subscriber of subscribers) {
      if (left-- === 0) break;
      subscriber.deliver(message);
    }
    message.release();
  }

  /** The topics created and removed from now on. */
  notifications(): TopicNotifications {
    const notifications = new TopicNotifications((self) => this.#notifications.delete(self));
    if (this.#closed) notifications.end();
    else this.#notifications.add(notifications);
    return notifications;
  }

  #notify(notification: TopicNotification): void {
    for (const notifications of this.#notifications) notifications.push(notification);
  }

  /** End the notifications. */
  close(): void {
    this.#closed = true;
    for (const notifications of this.#notifications) notifications.end();
    this.#notifications.clear();
  }
}
