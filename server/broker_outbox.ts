/**
 * {@linkcode BrokerOutbox}: events on their way to the engine.
 *
 * @module
 */
import type { Writer } from "../codec/writer.ts";
import { type Broker, BrokerRefusal } from "../wire/broker.ts";
import { BROKER_HEADER_BYTES, BrokerMessage, EVENT_LENGTH_BYTES } from "../wire/broker_message.ts";
import { eventLength, eventStart } from "../wire/messages.ts";
import type { Topic } from "../wire/topic.ts";
import { EventNumbers, LostTopics, topicOf } from "./event_numbers.ts";

/** Bytes of a message that takes no further event, if the engine takes that much. */
export const MAX_BATCH_BYTES = 65_536;
/** Bytes of memory that a message on its way takes besides its own, where the broker does not say. */
const MESSAGE_COST_BYTES = 256;
/**
 * Milliseconds until the next flush, for each event of the last one, and at most; and how many may be taken
 * in advance. A write to the engine costs as much as a dozen events, so in a dense stream of turns several
 * share one, and what is sparse is sent in its turn.
 */
const FLUSH_MS_PER_EVENT = 0.05;
const MAX_FLUSH_MS = 0.5;
const FLUSH_BURST_MS = 1;

/** Characters of a topic that a message's cost covers, and bytes that each further one takes: as a key, as bytes, encoded. */
const COVERED_TOPIC_CHARS = 64;
const TOPIC_CHAR_BYTES = 4;
/** Milliseconds after a loss, or after the link is up again, until the other nodes are told of its numbers. */
export const TELL_LOST_MS = 1000;
/** Messages that may stay in the queue when they have been handed on: moving the others has a cost. */
const MAX_HANDED = 1024;

interface Sealed {
  readonly topic: Topic;
  readonly count: number;
  readonly message: Uint8Array;
  /** Bytes that it takes. */
  readonly bytes: number;
}

/** What an outbox needs. */
export interface BrokerOutboxOptions {
  /** Where messages go. */
  readonly broker: Broker;
  /** Which events they hold. */
  readonly fingerprint: number;
  /** Bytes that may be on the way to the engine. */
  readonly maxPendingBytes: number;
  /** Some events could not be sent. */
  onFailed(count: number, error: unknown): void;
}

/**
 * Gathers events into messages, and sends those when the turn has ended, after what the turn sent to this
 * node's own subscribers.
 *
 * Events that follow one another on one topic share a message, and so keep their order with those of other
 * topics as well.
 */
export class BrokerOutbox {
  readonly #options: BrokerOutboxOptions;
  readonly #message = new BrokerMessage();
  /** Which node sends, and what is its next event of each topic. */
  readonly numbers: EventNumbers;
  /** What the message is on. */
  #topic: Topic | undefined;
  #sealed: Sealed[] = [];
  /** How many of those have been handed to the engine. */
  #handed = 0;
  #inFlight = 0;
  #turnQueued = false;
  /** Events that have not been handed to the engine. */
  #unsent = 0;
  /** When the end of a turn may flush again, in milliseconds. */
  #flushAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #held = false;
  readonly #lost = new LostTopics();
  #tellLost: ReturnType<typeof setTimeout> | undefined;
  #up = false;
  /** Bytes on the way to the engine, with what each message takes besides. */
  pendingBytes = 0;
  /** Events handed to the engine. */
  published = 0;
  /** Events that were not, because there was no way or too much on it. */
  dropped = 0;

  /** Create for a broker. */
  constructor(options: BrokerOutboxOptions) {
    this.#options = options;
    this.numbers = new EventNumbers(options.fingerprint);
  }

  /** Copy the event that a writer holds. */
  add(topic: Topic, writer: Writer): void {
    const { broker, maxPendingBytes } = this.#options;
    const length = eventLength(writer);
    const message = this.#message;
    const max = Math.min(MAX_BATCH_BYTES, broker.maxMessageBytes ?? MAX_BATCH_BYTES);
    const room = max - EVENT_LENGTH_BYTES - length;
    if ((topic !== this.#topic && topic.key !== this.#topic?.key) || message.length > room) {
      this.#seal();
      this.#topic = topic;
    }
    const pending = this.pendingBytes + this.#costOf(topic) + message.length + EVENT_LENGTH_BYTES +
      length;
    if (pending > maxPendingBytes) {
      this.#seal();
      return this.skip(topic.key);
    }
    message.append(writer.bytes, eventStart(writer), length);
    this.#unsent++;
    if (this.#turnQueued || this.#held) return;
    this.#turnQueued = true;
    queueMicrotask(this.#onTurn);
  }

  #costOf({ key }: Topic): number {
    const more = Math.max(0, key.length - COVERED_TOPIC_CHARS) * TOPIC_CHAR_BYTES;
    return (this.#options.broker.messageCostBytes ?? MESSAGE_COST_BYTES) + more;
  }

  /** An event is not sent, and its number is nobody else's. */
  skip(key: string): void {
    this.dropped++;
    this.numbers.take(key, 1);
    this.#lose(key);
  }

  /** Unless a later event shows it by its number, the other nodes are told. */
  #lose(key: string): void {
    this.#lost.add(key);
    if (this.#up) this.#tellLost ??= setTimeout(this.#onTellLost, TELL_LOST_MS);
  }

  /** Send the number of the next event, without one, on the topics that have lost some. */
  readonly #onTellLost = (): void => {
    this.#tellLost = undefined;
    this.#seal();
    for (let key; (key = this.#lost.take()) !== undefined;) {
      const topic = topicOf(key);
      if (this.pendingBytes + this.#costOf(topic) > this.#options.maxPendingBytes) {
        this.#lose(key);
        break;
      }
      this.#enqueue(topic, 0, this.#message.take(this.numbers.take(key, 0)));
    }
    this.flush();
  };

  /** The turn has ended, and what it sent to this node's subscribers has been handed to the network. */
  readonly #onTurn = (): void => {
    this.#turnQueued = false;
    const now = performance.now();
    if (now >= this.#flushAt) {
      const waitMs = Math.min(MAX_FLUSH_MS, this.#unsent * FLUSH_MS_PER_EVENT);
      this.#flushAt = Math.max(this.#flushAt, now - FLUSH_BURST_MS) + waitMs;
      this.flush();
    } else {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined;
        this.flush();
      }, 1);
    }
  };

  /** Keep events until `release()`: the link is not up yet. */
  hold(): void {
    this.#held = true;
  }

  /** The link is up: send what was kept. */
  release(): void {
    this.#up = true;
    if (this.#lost.size > 0) this.#tellLost ??= setTimeout(this.#onTellLost, TELL_LOST_MS);
    if (!this.#held) return;
    this.#held = false;
    this.flush();
  }

  /** What has not been sent will not be: the link is down. */
  drop(): void {
    this.#held = false;
    this.#up = false;
    clearTimeout(this.#tellLost);
    this.#tellLost = undefined;
    this.#seal();
    this.#unsent = 0;
    for (const { topic, count, bytes } of this.#sealed.splice(this.#handed)) {
      this.dropped += count;
      this.pendingBytes -= bytes;
      this.#lose(topic.key);
    }
    this.#sealed = [];
    this.#handed = 0;
  }

  /** The message takes no more events. */
  #seal(): void {
    const topic = this.#topic;
    const { count } = this.#message;
    this.#topic = undefined;
    if (topic === undefined || count === 0) return;
    this.#enqueue(topic, count, this.#message.take(this.numbers.take(topic.key, count)));
  }

  #enqueue(topic: Topic, count: number, message: Uint8Array): void {
    const bytes = message.length + this.#costOf(topic);
    this.#sealed.push({ topic, count, message, bytes });
    this.pendingBytes += bytes;
  }

  /** Hand all messages to the engine, or as many as it may have at a time. */
  flush(): void {
    if (this.#held) return;
    this.#seal();
    this.#unsent = 0;
    this.#hand();
  }

  /** What is over the broker's number waits. It is not merged: that would change the order over topics. */
  #hand(max = this.#options.broker.maxMessagesInFlight ?? Infinity): void {
    while (this.#inFlight < max && this.#handed < this.#sealed.length) {
      this.#send(this.#sealed[this.#handed++]!);
    }
    if (this.#handed < this.#sealed.length && this.#handed < MAX_HANDED) return;
    this.#sealed.splice(0, this.#handed);
    this.#handed = 0;
  }

  #send({ topic, count, message, bytes }: Sealed): void {
    const { broker } = this.#options;
    this.published += count;
    if (this.#lost.size > 0) this.#lost.delete(topic.key);
    this.#inFlight++;
    const done = (): void => {
      this.#inFlight--;
      this.pendingBytes -= bytes;
    };
    const failed = (error: unknown): void => {
      done();
      // What the engine refuses it would refuse again.
      if (!(error instanceof BrokerRefusal)) this.#lose(topic.key);
      if (count > 0) this.#options.onFailed(count, error);
    };
    const goOn = (): void => {
      if (this.#handed < this.#sealed.length && !this.#held) this.#hand();
    };
    try {
      const { maxMessageBytes = message.length } = broker;
      if (message.length > maxMessageBytes) throw tooLong(message.length, maxMessageBytes);
      const sent = broker.publish(topic, message, count);
      if (sent === undefined) done();
      else {
        sent.then(() => {
          done();
          goOn();
        }, (error) => {
          failed(error);
          goOn();
        });
      }
    } catch (error) {
      failed(error);
    }
  }

  /** Send what there is, and nothing more. */
  close(): void {
    clearTimeout(this.#timer);
    this.#held = false;
    if (this.#up) this.#onTellLost();
    this.#up = false;
    clearTimeout(this.#tellLost);
    this.#seal();
    this.#hand(Infinity);
  }
}

function tooLong(bytes: number, max: number): RangeError {
  const room = max - BROKER_HEADER_BYTES - EVENT_LENGTH_BYTES;
  return new RangeError(
    `Cannot send an event of ${bytes - BROKER_HEADER_BYTES - EVENT_LENGTH_BYTES} bytes to other ` +
      `nodes: the engine takes ${room}`,
  );
}
