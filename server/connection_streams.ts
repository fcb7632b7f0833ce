/**
 * {@linkcode ConnectionStreams}: backpressure for the streams of one connection.
 *
 * @module
 */
import type { Writer } from "../codec/writer.ts";
import { CHECK_BYTES, RESUME_MS, SENT_PART, SHARED_MS } from "../stream/window.ts";
import type { Clock } from "../wire/clock.ts";
import type { Sender } from "../wire/sender.ts";
import type { Connection } from "./connection.ts";

/** The sender of a stream's items. */
export interface Pausable {
  /** Send nothing more until {@linkcode Pausable.resume}. */
  pause(): void;
  /** Resume pulling. */
  resume(): void;
}

/**
 * Backpressure for streams: when many bytes wait to be sent, the sources pause, while other messages go on. So
 * streams alone never close a connection for slow reading. Created with the first stream, removed with the last.
 */
export class ConnectionStreams {
  /** Streaming calls in flight. */
  open = 0;
  readonly #sender: Sender;
  readonly #clock: Clock;
  readonly #maxSentBytes: number;
  readonly #paused = new Set<Pausable>();
  #checkedBytes: number;
  /** Sent bytes after the last message of a stream; -1 before the first. */
  #streamedBytes = -1;
  #sharedUntil = 0;
  #timer: unknown;

  /** Create for one connection. */
  constructor({ sender, host: { clock, limits } }: Connection) {
    this.#sender = sender;
    this.#clock = clock;
    this.#maxSentBytes = limits.maxBufferedBytes / SENT_PART;
    this.#checkedBytes = sender.sentBytes;
  }

  /** Whether other messages were sent lately, such as answers and events: seen from the bytes, which costs them nothing. */
  get isShared(): boolean {
    this.#look();
    return this.#sharedUntil > 0 && this.#clock.now() < this.#sharedUntil;
  }

  #look(): void {
    const { sentBytes } = this.#sender;
    if (this.#streamedBytes < 0 || sentBytes === this.#streamedBytes) return;
    this.#streamedBytes = sentBytes;
    this.#sharedUntil = this.#clock.now() + SHARED_MS;
  }

  /** A writer for a stream's message. */
  begin(): Writer {
    this.#look();
    return this.#sender.begin();
  }

  /** It was sent. */
  sent(): void {
    this.#streamedBytes = this.#sender.sentBytes;
  }

  /** An item was sent: pause its source if too many bytes wait. */
  onSent(stream: Pausable): void {
    const { sentBytes } = this.#sender;
    const checkBytes = Math.min(CHECK_BYTES, this.#maxSentBytes);
    if (this.#paused.size === 0 && sentBytes - this.#checkedBytes < checkBytes) return;
    this.#checkedBytes = sentBytes;
    if (this.#sender.bufferedBytes <= this.#maxSentBytes) return;
    stream.pause();
    this.#paused.add(stream);
    this.#watch();
  }

  /** Resume paused sources if fewer bytes wait by now. */
  resume(): void {
    if (this.#paused.size === 0) return;
    for (const stream of [...this.#paused]) {
      if (this.#sender.bufferedBytes > this.#maxSentBytes / 2) break;
      this.#paused.delete(stream);
      stream.resume();
    }
    this.#watch();
  }

  #watch(): void {
    if (this.#paused.size === 0) return this.stop();
    this.#timer ??= this.#clock.after(RESUME_MS, () => {
      this.#timer = undefined;
      this.resume();
    });
  }

  /** A stream has ended. */
  forget(stream: Pausable): void {
    if (this.#paused.delete(stream) && this.#paused.size === 0) this.stop();
  }

  /** Stop the timer. */
  stop(): void {
    this.#clock.clear(this.#timer);
    this.#timer = undefined;
  }
}
