/**
 * {@linkcode SentMessages}: published messages that a server may still refuse.
 *
 * @module
 */
import type { Topic } from "../wire/topic.ts";

interface Sent {
  readonly topic: Topic;
  readonly subject: string;
  /** Events in the message. */
  readonly events: number;
  refused: boolean;
}

/** Messages in the order they were sent, until the server has answered for them. */
export class SentMessages implements Iterable<Sent> {
  readonly #messages: Sent[] = [];
  /** How many were forgotten: they were sent before those. */
  #forgotten = 0;

  /** A message has been sent. */
  add(topic: Topic, subject: string, events: number): void {
    this.#messages.push({ topic, subject, events, refused: false });
  }

  /** How many there have been; for {@linkcode SentMessages.forget}. */
  get end(): number {
    return this.#forgotten + this.#messages.length;
  }

  /** The server has refused the next message on a subject: which that is. */
  refuse(subject: unknown): Sent | undefined {
    const sent = this.#messages.find((each) => each.subject === subject && !each.refused);
    if (sent !== undefined) sent.refused = true;
    return sent;
  }

  /** What was sent before an end is refused no more. */
  forget(end: number): void {
    const count = end - this.#forgotten;
    if (count <= 0) return;
    this.#messages.splice(0, count);
    this.#forgotten = end;
  }

  /** Clear all. */
  clear(): void {
    this.forget(this.end);
  }

  [Symbol.iterator](): Iterator<Sent> {
    return this.#messages.values();
  }
}
