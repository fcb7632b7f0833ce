/**
 * {@linkcode Deadlines}: one timer for many deadlines.
 *
 * @module
 */
import type { Clock } from "../wire/clock.ts";

/**
 * One timer, set to the earliest of the deadlines it was told of. When it fires, its owner expires
 * what is due and says what is the earliest now: a call that is answered in time costs no timer.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #expire: (now: number) => number;
  #timer: unknown;
  #at = Infinity;

  /**
   * Create with nothing due.
   *
   * @param clock Whose time the deadlines are in.
   * @param expire Expires what is due, and returns the earliest deadline left, or `Infinity`.
   */
  constructor(clock: Clock, expire: (now: number) => number) {
    this.#clock = clock;
    this.#expire = expire;
  }

  /** Milliseconds from now, as a deadline. */
  in(delayMs: number): number {
    return delayMs === Infinity ? Infinity : this.#clock.now() + delayMs;
  }

  /** See to it that the timer fires no later than this. */
  add(deadline: number): void {
    if (deadline < this.#at) this.#set(deadline);
  }

  /** Forget all. */
  clear(): void {
    this.#set(Infinity);
  }

  #set(deadline: number): void {
    if (this.#at !== Infinity) this.#clock.clear(this.#timer);
    this.#at = deadline;
    if (deadline === Infinity) return;
    this.#timer = this.#clock.after(Math.max(0, deadline - this.#clock.now()), () => {
      this.#at = Infinity;
      this.add(this.#expire(this.#clock.now()));
    });
  }
}
