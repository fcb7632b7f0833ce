/**
 * {@linkcode EventNumbers}: which event of its topic is next; {@linkcode LostTopics}: of whose loss no number has
 * told other nodes.
 *
 * @module
 */
import { BrokerHeader, randomNode } from "../wire/broker_message.ts";
import { Topic } from "../wire/topic.ts";

/** Topics whose events are counted; with more, the node begins anew under another id. */
export const MAX_NUMBERED_TOPICS = 65_536;
/** Characters that the names of those topics may have together. */
const MAX_NUMBERED_CHARS = 4 << 20;

/** Numbers the events that a node emits on each topic, also those that do not leave it: a gap is told. */
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

  /** The id that the node has at present. */
  get node(): number {
    return this.#header.node;
  }

  /** Whether a message is this node's own: what it sent under the id before may still come back. */
  isOwn(node: number): boolean {
    return node === this.#header.node || node === this.#before;
  }

  /** Number some more events of a topic. Returns the header of a message with them, until the next call. */
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

  /** Another id: to the other nodes, somebody who has emitted nothing yet. */
  #begin(key: string): void {
    this.#next.clear();
    this.#chars = key.length;
    this.#before = this.#header.node;
    this.#header.node = randomNode();
  }
}

/** Topics that are remembered; the other nodes find out about more by their next event. */
export const MAX_LOST_TOPICS = 4096;
/** Characters that their names may have together. */
const MAX_LOST_CHARS = 1 << 20;

/** Topics on which this node has lost events and sent none since, so that no number shows a gap. */
export class LostTopics {
  readonly #keys = new Set<string>();
  #chars = 0;

  /** How many there are. */
  get size(): number {
    return this.#keys.size;
  }

  /** An event on a topic did not go out. */
  add(key: string): void {
    if (this.#keys.size >= MAX_LOST_TOPICS || this.#chars + key.length > MAX_LOST_CHARS) return;
    if (this.#keys.has(key)) return;
    this.#keys.add(key);
    this.#chars += key.length;
  }

  /** One did. */
  delete(key: string): void {
    if (this.#keys.delete(key)) this.#chars -= key.length;
  }

  /** One of them, which is one no more. */
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
