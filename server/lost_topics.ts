/**
 * {@linkcode LostTopics}: what the other nodes do not know that they have missed.
 *
 * @module
 */
import { Topic } from "../wire/topic.ts";

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
