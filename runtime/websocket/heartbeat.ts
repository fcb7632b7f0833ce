/**
 * {@linkcode Heartbeat}: detects dead peers.
 *
 * @module
 */

import type { Clock } from "../../wire/clock.ts";

/** What a {@linkcode Heartbeat} needs. */
export interface HeartbeatOptions {
  /** The clock. */
  readonly clock: Clock;
  /** Idle milliseconds before a ping; after twice that the peer counts as dead. */
  readonly idleTimeoutMs: number;
  /** Send a ping. */
  ping(): void;
  /** The peer is dead. */
  onDead(): void;
}

/**
 * Pings a peer that is silent for `idleTimeoutMs`, and reports it dead after exactly twice that. If the timer
 * was late (a suspended process, for example), it reports `idleTimeoutMs` after the ping.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #heardAt: number;
  #pingedAt: number | undefined;
  #timer: unknown;

  /** Start, as if the peer had just sent something. */
  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#heardAt = options.clock.now();
    this.#wait(options.idleTimeoutMs);
  }

  /** The peer sent something, at a time of the clock. */
  heard(at: number = this.#options.clock.now()): void {
    this.#heardAt = at;
    this.#pingedAt = undefined;
  }

  /** Stop. */
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
      // Timers may fire up to a millisecond early.
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

/** Let the process exit despite the timer. */
export function unref<Timer>(timer: Timer): Timer {
  if (typeof timer === "object" && timer !== null && "unref" in timer) {
    (timer as { unref(): void }).unref();
  }
  return timer;
}
