/**
 * {@linkcode EventNumbers}: numbers the events of each topic; {@linkcode LostTopics}: topics with losses that no number has revealed to
 * other nodes.
 *
 * @module
 */
import { BrokerHeader, randomNode } from "../wire/broker_message.ts";
import { Topic } from "../wire/topic.ts";

/** Most topics with counted events; beyond it the node starts again under a new id. */
const MAX_NUMBERED_TOPICS = 65_536;
/** Most characters of those topics' names together. */
const MAX_NUMBERED_CHARS = 4 << 20;

/** Numbers the events that a node emits on each topic, including those that don't leave it: gaps reveal losses. */
export class EventNumbers {
  readonly #header = new BrokerHeader();
  readonly #next = new Map<string, number>();
  #chars = 0;
  #before: number;

  /** Create for a node of its own. */
  constructor(fingerprint: number) {
    this.#header.fingerprint = fingerprint;
    this.#before = this.#header.node = randomNode();
  }

  /** The node's current id. */
  get node(): number {
    return this.#header.node;
  }

  /** Whether a message is this node's own, possibly sent under its previous id. */
  isOwn(node: number): boolean {
    return node === this.#header.node || node === this.#before;
  }

  /** Number further events of a topic. Returns the header of their message, valid until the next call. */
  take(key: string, count: number): BrokerHeader {
    let number = this.#next.get(key);
    if (number === undefined) {
      number = 0;
      this.#chars += key.length;
      if (this.#next.size >= MAX_NUMBERED_TOPICS || this.#chars > MAX_NUMBERED_CHARS) {
        this.#begin(key);
      }
    }
    this.#next.set(key, number + count);
    this.#header.number = number;
    return this.#header;
  }

  /** Take a new id: to other nodes, a node without events. */
  #begin(key: string): void {
    this.#next.clear();
    this.#chars = key.length;
    this.#before = this.#header.node;
    this.#header.node = randomNode();
  }
}

/** Most remembered topics; losses on others are revealed by their next event. */
const MAX_LOST_TOPICS = 4096;
/** Most characters of their names together. */
const MAX_LOST_CHARS = 1 << 20;

/** Topics on which this node lost events and has sent none since, so that no number shows a gap. */
export class LostTopics {
  readonly #keys = new Set<string>();
  #chars = 0;

  /** How many there are. */
  get size(): number {
    return this.#keys.size;
  }

  /** An event on a topic was lost. */
  add(key: string): void {
    if (this.#keys.size >= MAX_LOST_TOPICS || this.#chars + key.length > MAX_LOST_CHARS) return;
    if (this.#keys.has(key)) return;
    this.#keys.add(key);
    this.#chars += key.length;
  }

  /** An event on a topic was sent. */
  delete(key: string): void {
    if (this.#keys.delete(key)) this.#chars -= key.length;
  }

  /** Remove and return one of them. */
  take(): string | undefined {
    for (const key of this.#keys) {
      this.delete(key);
      return key;
    }
    return undefined;
  }
}

/** The topic with a {@linkcode Topic.key}. */
export function topicOf(key: string): Topic {
  const name = key.slice(1);
  if (key.startsWith("s")) return Topic.from(name);
  return Topic.fromWire(Uint8Array.from(name, (byte) => byte.charCodeAt(0)), key.startsWith("x"));
}
