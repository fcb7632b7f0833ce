/**
 * {@linkcode FakeClock}: time that moves when told to.
 *
 * @module
 */
import type { Clock } from "../../wire/clock.ts";

interface Timer {
  readonly at: number;
  readonly run: (heardBy: number) => void;
}

/** A clock that stands still until {@linkcode FakeClock.advance} moves it. */
export class FakeClock implements Clock {
  readonly #timers: Set<Timer> = new Set();
  #now = 1000;
  /** Timers that were ever set. */
  timersSet = 0;

  /** Timers that are set now. */
  get pending(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, run: (heardBy: number) => void): unknown {
    const timer = { at: this.#now + delayMs, run };
    this.#timers.add(timer);
    this.timersSet++;
    return timer;
  }

  clear(timer: unknown): void {
    this.#timers.delete(timer as Timer);
  }

  /** Move time on, and run what is due on the way, in order. */
  advance(byMs: number): void {
    const until = this.#now + byMs;
    for (;;) {
      const due = [...this.#timers].filter(({ at }) => at <= until)
        .toSorted((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers.delete(due);
      this.#now = Math.max(this.#now, due.at);
      due.run(this.#now);
    }
    this.#now = until;
  }

  /** Move time on as a suspension does: what is due meanwhile runs when time is next advanced. */
  suspend(forMs: number): void {
    this.#now += forMs;
  }
}
