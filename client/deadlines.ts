/**
 * {@linkcode Deadlines}: one timer for many deadlines.
 *
 * @module
 */
import type { Clock } from "../wire/clock.ts";

/** The shared start time of the calls of one turn of the event loop. */
export interface Turn {
  /** The turn's end, where their timeouts start; NaN until then. */
  endedAt: number;
  /** The shortest timeout among them, in milliseconds. */
  shortestMs: number;
}

/** Milliseconds after which a timer checks whether it is still needed. */
const LOOK_MS = 1000;

/**
 * One timer, set to the earliest known deadline or to a second from now. When it fires, its owner expires due calls
 * and returns the next deadline. So a call answered in time costs no timer, and an unneeded timer, which would keep
 * a program alive, is gone within a second.
 *
 * The clock is read once per turn, at its end, because reading it takes 10 % of a call's time. A deadline is late by
 * the rest of the turn, never early.
 */
export class Deadlines {
  readonly #clock: Clock;
  readonly #expire: (now: number) => number;
  #turn: Turn | undefined;
  #timer: unknown;
  #at = Infinity;

  /**
   * Create with nothing due.
   *
   * @param clock The clock of the deadlines.
   * @param expire Expires due calls, and returns the next deadline, or `Infinity`.
   */
  constructor(clock: Clock, expire: (now: number) => number) {
    this.#clock = clock;
    this.#expire = expire;
  }

  /** The current turn. Ensures that the timer fires within `delayMs` after it. */
  start(delayMs: number): Turn {
    let turn = this.#turn;
    if (turn === undefined) {
      turn = this.#turn = { endedAt: NaN, shortestMs: delayMs };
      queueMicrotask(this.#endTurn);
    } else if (delayMs < turn.shortestMs) turn.shortestMs = delayMs;
    return turn;
  }

  readonly #endTurn = (): void => {
    const turn = this.#turn;
    if (turn === undefined) return;
    this.#turn = undefined;
    turn.endedAt = this.#clock.now();
    this.#add(turn.endedAt + turn.shortestMs, turn.endedAt);
  };

  #add(deadline: number, now: number): void {
    if (deadline === Infinity) return;
    const at = Math.min(deadline, now + LOOK_MS);
    if (at < this.#at) this.#set(at, now);
  }

  /** Clear all. */
  clear(): void {
    this.#turn = undefined;
    this.#clock.clear(this.#timer);
    this.#at = Infinity;
  }

  #set(at: number, now: number): void {
    if (this.#at !== Infinity) this.#clock.clear(this.#timer);
    this.#at = at;
    this.#timer = this.#clock.after(at - now, (heardBy) => {
      this.#at = Infinity;
      this.#add(this.#expire(heardBy), this.#clock.now());
    });
  }
}
