/**
 * {@linkcode BrokerOutbox}: events in flight to the broker's engine.
 *
 * @module
 */
import type { Writer } from "../codec/writer.ts";
import { type Broker, BrokerRefusal } from "../wire/broker.ts";
import { BROKER_HEADER_BYTES, BrokerMessage, EVENT_LENGTH_BYTES } from "../wire/broker_message.ts";
import { eventLength, eventStart } from "../wire/server_message_writer.ts";
import type { Topic } from "../wire/topic.ts";
import { EventNumbers, LostTopics, topicOf } from "./event_numbers.ts";

/** Message size, in bytes, from which no further event is added, if the engine accepts such messages. */
export const MAX_BATCH_BYTES = 65_536;
/** Memory overhead, in bytes, of a message in flight, if the broker doesn't define it. */
const MESSAGE_COST_BYTES = 256;
/**
 * Milliseconds until the next flush, per event of the last one and at most; and the milliseconds that may be
 * saved up. A write to the engine costs as much as a dozen events. So several dense turns share one write, and
 * sparse events are sent in their own turn.
 */
const FLUSH_MS_PER_EVENT = 0.05;
const MAX_FLUSH_MS = 0.5;
const FLUSH_BURST_MS = 1;

/** Characters of a topic included in a message's overhead, and bytes per further character: as key, bytes and encoded. */
const COVERED_TOPIC_CHARS = 64;
const TOPIC_CHAR_BYTES = 4;
/** Milliseconds from a loss, or from the link's return, until its numbers are sent to the other nodes. */
const TELL_LOST_MS = 1000;
/** Sent messages that may stay in the queue, because moving the others costs time. */
const MAX_HANDED = 1024;

interface Sealed {
  readonly topic: Topic;
  readonly count: number;
  readonly message: Uint8Array;
  /** Its size, in bytes. */
  readonly bytes: number;
}

/**
 * Gathers events into messages and sends them at the end of the turn, after the turn's messages to this node's
 * own subscribers.
 *
 * Consecutive events of one topic share a message, so the order over all topics is kept.
 */
export class BrokerOutbox {
  readonly #broker: Broker;
  readonly #maxPendingBytes: number;
  readonly #onFailed: (count: number, error: unknown) => void;
  readonly #message = new BrokerMessage();
  /** The node's id and its next event number on each topic. */
  readonly numbers: EventNumbers;
  /** The message's topic. */
  #topic: Topic | undefined;
  #sealed: Sealed[] = [];
  /** The number of them already passed to the engine. */
  #handed = 0;
  #inFlight = 0;
  #turnQueued = false;
  /** Events not yet passed to the engine. */
  #unsent = 0;
  /** Time of the next allowed flush, in milliseconds. */
  #flushAt = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #held = false;
  readonly #lost = new LostTopics();
  #tellLost: ReturnType<typeof setTimeout> | undefined;
  #up = false;
  /** Bytes in flight to the engine, including each message's overhead. */
  pendingBytes = 0;
  /** Events passed to the engine. */
  published = 0;
  /** Events dropped because the link was down or too many bytes were in flight. */
  dropped = 0;

  /**
   * Create for a broker.
   *
   * @param fingerprint The events' fingerprint.
   * @param maxPendingBytes Most bytes in flight to the broker.
   * @param onFailed Called when some events could not be sent.
   */
  constructor(
    broker: Broker,
    fingerprint: number,
    maxPendingBytes: number,
    onFailed: (count: number, error: unknown) => void,
  ) {
    this.#broker = broker;
    this.#maxPendingBytes = maxPendingBytes;
    this.#onFailed = onFailed;
    this.numbers = new EventNumbers(fingerprint);
  }

  /** Copy the event that a writer holds. */
  add(topic: Topic, writer: Writer): void {
    const length = eventLength(writer);
    const message = this.#message;
    const max = Math.min(MAX_BATCH_BYTES, this.#broker.maxMessageBytes ?? MAX_BATCH_BYTES);
    const room = max - EVENT_LENGTH_BYTES - length;
    if ((topic !== this.#topic && topic.key !== this.#topic?.key) || message.length > room) {
      this.#seal();
      this.#topic = topic;
    }
    const pending = this.pendingBytes + this.#costOf(topic) + message.length + EVENT_LENGTH_BYTES +
      length;
    if (pending > this.#maxPendingBytes) {
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
    return (this.#broker.messageCostBytes ?? MESSAGE_COST_BYTES) + more;
  }

  /** An event is dropped; its number is used up. */
  skip(key: string): void {
    this.dropped++;
    this.numbers.take(key, 1);
    this.#lose(key);
  }

  /** Announce the loss to the other nodes, unless a later event reveals it by its number. */
  #lose(key: string): void {
    this.#lost.add(key);
    if (this.#up) this.#tellLost ??= setTimeout(this.#onTellLost, TELL_LOST_MS);
  }

  /** On topics with lost events, send the next event's number without an event. */
  readonly #onTellLost = (): void => {
    this.#tellLost = undefined;
    this.#seal();
    for (let key; (key = this.#lost.take()) !== undefined;) {
      const topic = topicOf(key);
      if (this.pendingBytes + this.#costOf(topic) > this.#maxPendingBytes) {
        this.#lose(key);
        break;
      }
      this.#enqueue(topic, 0, this.#message.take(this.numbers.take(key, 0)));
    }
    this.flush();
  };

  /** The turn has ended, and its messages to this node's subscribers were sent. */
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

  /** Hold events until `release()`: the link is not up yet. */
  hold(): void {
    this.#held = true;
  }

  /** The link is up: send the held events. */
  release(): void {
    this.#up = true;
    if (this.#lost.size > 0) this.#tellLost ??= setTimeout(this.#onTellLost, TELL_LOST_MS);
    if (!this.#held) return;
    this.#held = false;
    this.flush();
  }

  /** The link is down: drop unsent events. */
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

  /** Add no more events to the message. */
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

  /** Pass all messages to the engine, up to its limit. */
  flush(): void {
    if (this.#held) return;
    this.#seal();
    this.#unsent = 0;
    this.#hand();
  }

  /** Messages over the broker's limit wait. Merging them would change the order over topics. */
  #hand(max = this.#broker.maxMessagesInFlight ?? Infinity): void {
    while (this.#inFlight < max && this.#handed < this.#sealed.length) {
      this.#send(this.#sealed[this.#handed++]!);
    }
    if (this.#handed < this.#sealed.length && this.#handed < MAX_HANDED) return;
    this.#sealed.splice(0, this.#handed);
    this.#handed = 0;
  }

  #send({ topic, count, message, bytes }: Sealed): void {
    const broker = this.#broker;
    this.published += count;
    if (this.#lost.size > 0) this.#lost.delete(topic.key);
    this.#inFlight++;
    const done = (): void => {
      this.#inFlight--;
      this.pendingBytes -= bytes;
    };
    const failed = (error: unknown): void => {
      done();
      // The engine would refuse it again.
      if (!(error instanceof BrokerRefusal)) this.#lose(topic.key);
      if (count > 0) this.#onFailed(count, error);
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

  /** Send the rest and stop. */
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
