/**
 * {@linkcode Heartbeat}: whether the peer is still there.
 *
 * @module
 */

import type { Clock } from "../../wire/clock.ts";

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

/**
 * Pings a peer that is silent for `idleTimeoutMs`, and gives it up after exactly twice that; where the
 * timer was late (the process was suspended, say), `idleTimeoutMs` after the ping.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #heardAt: number;
  #pingedAt: number | undefined;
  #timer: unknown;

  /** Start, as if the peer had just been heard. */
  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#heardAt = options.clock.now();
    this.#wait(options.idleTimeoutMs);
  }

  /** Something came, at a time by the clock. */
  heard(at: number = this.#options.clock.now()): void {
    this.#heardAt = at;
    this.#pingedAt = undefined;
  }

  /** Watch no more. */
  stop(): void {
    this.#options.clock.clear(this.#timer);
  }

  #wait(delayMs: number): void {
    this.#timer = unref(this.#options.clock.after(delayMs, (heardBy) => this.#check(heardBy)));
  }

  #check(heardBy: number): void {
    const { clock, idleTimeoutMs } = this.#options;
    if (this.#pingedAt === undefined) {
      const silentMs = heardBy - this.#heardAt;
      // Timers may be early by less than a millisecond.
      if (silentMs < idleTimeoutMs) return this.#wait(Math.max(1, idleTimeoutMs - silentMs));
      this.#pingedAt = clock.now();
      this.#options.ping();
      return this.#wait(idleTimeoutMs);
    }
    const waitedMs = heardBy - this.#pingedAt;
    if (waitedMs >= idleTimeoutMs) return this.#options.onDead();
    this.#wait(Math.max(1, idleTimeoutMs - waitedMs));
  }
}

/** A timer alone keeps no process alive. */
export function unref<Timer>(timer: Timer): Timer {
  if (typeof timer === "object" && timer !== null && "unref" in timer) {
    (timer as { unref(): void }).unref();
  }
  return timer;
}
