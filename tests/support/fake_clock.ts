/**
 * {@linkcode FakeClock}: time under a test's control.
 *
 * @module
 */
import type { Clock } from "../../wire/clock.ts";

interface Timer {
  readonly at: number;
  readonly run: (heardBy: number) => void;
}

/** A clock that only {@linkcode FakeClock.advance} moves. */
export class FakeClock implements Clock {
  readonly #timers: Set<Timer> = new Set();
  #now = 1000;
  /** Number of timers set so far. */
  timersSet = 0;

  /** Number of pending timers. */
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

  /** Move time on, and run the due timers in order. */
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

  /** Move time on as a suspension does: due timers run at the next advance. */
  suspend(forMs: number): void {
    this.#now += forMs;
  }
}
