/**
 * {@linkcode Backpressure}: when a peer that does not read is given up.
 *
 * @module
 */
import type { Clock } from "../wire/clock.ts";
import type { Sender } from "../wire/sender.ts";

/** Bytes to send before the transport is asked again how many wait: asking is not free. */
const CHECK_BYTES = 1 << 16;

/** What {@linkcode Backpressure} needs. */
export interface BackpressureOptions {
  /** Whose messages. */
  readonly sender: Sender;
  /** Whose time it is. */
  readonly clock: Clock;
  /** Bytes that may wait. */
  readonly maxBufferedBytes: number;
  /** Milliseconds a peer whose queue is over that has to take something from it. */
  readonly patienceMs: number;
  /** The peer does not read. */
  onStuck(): void;
}

/**
 * Nothing is ever dropped, since a lost message would corrupt the state. Instead a peer is given up
 * when more than `maxBufferedBytes` wait for it and it takes nothing for `patienceMs`, or when twice as
 * many wait.
 */
export class Backpressure {
  readonly #options: BackpressureOptions;
  readonly #checkBytes: number;
  #checkedAt = 0;
  #taken = 0;
  #timer: unknown;
  #stopped = false;

  /** Create for one connection. */
  constructor(options: BackpressureOptions) {
    this.#options = options;
    this.#checkBytes = Math.min(CHECK_BYTES, options.maxBufferedBytes);
  }

  /** Something was sent. */
  check(): void {
    const { sender, maxBufferedBytes } = this.#options;
    if (sender.sentBytes - this.#checkedAt < this.#checkBytes) return;
    this.#checkedAt = sender.sentBytes;
    const buffered = sender.bufferedBytes;
    if (buffered > maxBufferedBytes * 2) this.#stuck();
    else if (buffered > maxBufferedBytes) this.#watch();
  }

  #watch(): void {
    if (this.#timer !== undefined || this.#stopped) return;
    const { sender, clock, maxBufferedBytes, patienceMs } = this.#options;
    this.#taken = sender.sentBytes - sender.bufferedBytes;
    this.#timer = clock.after(patienceMs, () => {
      this.#timer = undefined;
      const buffered = sender.bufferedBytes;
      if (buffered <= maxBufferedBytes) return;
      if (sender.sentBytes - buffered > this.#taken) this.#watch();
      else this.#stuck();
    });
  }

  #stuck(): void {
    if (this.#stopped) return;
    this.stop();
    this.#options.onStuck();
  }

  /** The connection has ended. */
  stop(): void {
    this.#stopped = true;
    this.#options.clock.clear(this.#timer);
    this.#timer = undefined;
  }
}
