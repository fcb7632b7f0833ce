/**
 * {@linkcode ConnectionStreams}: what the streams of one connection have in common.
 *
 * @module
 */
import type { Clock } from "../wire/clock.ts";
import type { Limits } from "../wire/limits.ts";
import type { Sender } from "../wire/sender.ts";

/** Of `maxBufferedBytes`, the part that items of streams may fill: one in so many. */
const SENT_PART = 16;
/** Bytes that are sent before it is asked again how many wait: asking is not free. */
const CHECK_BYTES = 1 << 16;
/** Milliseconds after which it is asked again, while streams wait for a peer to read. */
const RESUME_MS = 5;

/** What sends the items of a stream. */
export interface Pausable {
  /** Send nothing more until {@linkcode Pausable.resume}. */
  pause(): void;
  /** Go on. */
  resume(): void;
}

/**
 * Streams never make a connection one that does not read: when much waits to be sent, their sources wait, and
 * whatever else is sent does not. Made with the first stream, and gone with the last.
 */
export class ConnectionStreams {
  /** Calls that stream, under way. */
  open = 0;
  readonly #sender: Sender;
  readonly #clock: Clock;
  readonly #maxSentBytes: number;
  readonly #paused = new Set<Pausable>();
  #checkedBytes: number;
  #timer: unknown;

  /** Create for one connection. */
  constructor(
    sender: Sender,
    clock: Clock,
    { maxBufferedBytes }: Pick<Limits, "maxBufferedBytes">,
  ) {
    this.#sender = sender;
    this.#clock = clock;
    this.#maxSentBytes = maxBufferedBytes / SENT_PART;
    this.#checkedBytes = sender.sentBytes;
  }

  /** An item was sent: its source waits if much does. */
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

  /** Let sources go on that wait, if less is to be sent by now. */
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

  /** A stream is over. */
  forget(stream: Pausable): void {
    if (this.#paused.delete(stream) && this.#paused.size === 0) this.stop();
  }

  /** Wait for nothing. */
  stop(): void {
    this.#clock.clear(this.#timer);
    this.#timer = undefined;
  }
}
