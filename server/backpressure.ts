/**
 * {@linkcode Backpressure}: when a peer that does not read is given up.
 *
 * @module
 */
import type { Clock } from "../wire/clock.ts";
import type { Sender } from "../wire/sender.ts";

/** Bytes to send before the transport is asked again how many wait: asking is not free. */
const CHECK_BYTES = 1 << 16;

/** What {@linkcode Backpressure} needs: the same for all connections. */
export interface BackpressureOptions {
  /** Whose time it is. */
  readonly clock: Clock;
  /** Bytes that may wait. */
  readonly maxBufferedBytes: number;
  /** Milliseconds a peer whose queue is over that has to take something from it. */
  readonly patienceMs: number;
}

/** Whose peer may not read. */
export interface BackpressureOwner {
  /** Whose messages. */
  readonly sender: Sender;
  /** `sentBytes` as they were at the last check. */
  checkedBytes: number;
  /** The timer, while more waits than may. */
  patience: unknown;
  /** The peer does not read. */
  onStuck(): void;
}

/**
 * Nothing is ever dropped, since a lost message would corrupt the state. Instead a peer is given up
 * when more than `maxBufferedBytes` wait for it and it takes nothing for `patienceMs`, or when twice as
 * many wait.
 */
export class Backpressure {
  readonly #clock: Clock;
  readonly #maxBufferedBytes: number;
  readonly #patienceMs: number;
  readonly #checkBytes: number;

  /** Create for one server. */
  constructor({ clock, maxBufferedBytes, patienceMs }: BackpressureOptions) {
    this.#clock = clock;
    this.#maxBufferedBytes = maxBufferedBytes;
    this.#patienceMs = patienceMs;
    this.#checkBytes = Math.min(CHECK_BYTES, maxBufferedBytes);
  }

  /** Something was sent. */
  check(owner: BackpressureOwner): void {
    const { sender } = owner;
    if (sender.sentBytes - owner.checkedBytes < this.#checkBytes) return;
    owner.checkedBytes = sender.sentBytes;
    const { bufferedBytes } = sender;
    if (bufferedBytes > this.#maxBufferedBytes * 2) owner.onStuck();
    else if (bufferedBytes > this.#maxBufferedBytes) this.#watch(owner);
  }

  #watch(owner: BackpressureOwner): void {
    if (owner.patience !== undefined) return;
    const { sender } = owner;
    const taken = sender.sentBytes - sender.bufferedBytes;
    owner.patience = this.#clock.after(this.#patienceMs, () => {
      owner.patience = undefined;
      const { bufferedBytes } = sender;
      if (bufferedBytes <= this.#maxBufferedBytes) return;
      if (sender.sentBytes - bufferedBytes > taken) this.#watch(owner);
      else owner.onStuck();
    });
  }

  /** The connection is ending. */
  stop(owner: BackpressureOwner): void {
    if (owner.patience === undefined) return;
    this.#clock.clear(owner.patience);
    owner.patience = undefined;
  }
}
