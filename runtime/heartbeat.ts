/**
 * {@linkcode Heartbeat}: whether the peer is still there.
 *
 * @module
 */

import type { Clock } from "../wire/clock.ts";

/** What a {@linkcode Heartbeat} needs. */
export interface HeartbeatOptions {
  /** Whose time it is. */
  readonly clock: Clock;
  /** Milliseconds of silence after which to ask, and twice that to give up. */
  readonly idleTimeoutMs: number;
  /** Ask the peer for a sign of life. */
  ping(): void;
  /** The peer gave none. */
  onDead(): void;
}

/** Pings a peer that is silent for `idleTimeoutMs`, and gives it up after exactly twice that. */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #heardAt: number;
  #pinged = false;
  #timer: unknown;

  /** Start, as if the peer had just been heard. */
  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#heardAt = options.clock.now();
    this.#wait(options.idleTimeoutMs);
  }

  /** Something came. */
  heard(): void {
    this.#heardAt = this.#options.clock.now();
    this.#pinged = false;
  }

  /** Watch no more. */
  stop(): void {
    this.#options.clock.clear(this.#timer);
  }

  #wait(delayMs: number): void {
    this.#timer = unref(this.#options.clock.after(delayMs, (heardBy) => this.#check(heardBy)));
  }

  #check(heardBy: number): void {
    const { idleTimeoutMs } = this.#options;
    const silentMs = heardBy - this.#heardAt;
    if (silentMs >= 2 * idleTimeoutMs) return this.#options.onDead();
    if (silentMs >= idleTimeoutMs && !this.#pinged) {
      this.#pinged = true;
      this.#options.ping();
    }
    // Timers may be early by less than a millisecond.
    this.#wait(Math.max(1, (this.#pinged ? 2 : 1) * idleTimeoutMs - silentMs));
  }
}

/** A timer alone keeps no process alive. */
export function unref<Timer>(timer: Timer): Timer {
  if (typeof timer === "object" && timer !== null && "unref" in timer) {
    (timer as { unref(): void }).unref();
  }
  return timer;
}
