/**
 * {@linkcode Deadlines}: one timer for many deadlines.
 *
 * @module
 */
import type { Clock } from "../wire/clock.ts";

/** When the calls that were made in one turn of the event loop were made. */
export interface Turn {
  /** The turn's end, from which their time counts; not a number until then. */
  endedAt: number;
  /** The shortest time any of them has, in milliseconds. */
  shortestMs: number;
}

/** Milliseconds after which a timer looks whether it still guards anything. */
const LOOK_MS = 1000;

/**
 * One timer, set to the earliest of the deadlines it was told of, or to a second from now. When it fires,
 * its owner expires what is due and says what is the earliest now: a call that is answered in time costs
 * no timer, and one that guards nothing is gone within the second. (It would keep a program alive.)
 *
 * The clock is read once a turn, at its end, because reading it is a tenth of what a call costs. A deadline is
 * late by what is left of the turn, and never early.
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
   * @param clock Whose time the deadlines are in.
   * @param expire Expires what is due, and returns the earliest deadline left, or `Infinity`.
   */
  constructor(clock: Clock, expire: (now: number) => number) {
    this.#clock = clock;
    this.#expire = expire;
  }

  /** The turn under way; see to it that the timer fires no later than `delayMs` after it. */
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

  /** Forget all. */
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
