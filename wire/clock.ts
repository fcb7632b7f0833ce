/**
 * {@linkcode Clock}: how time enters the core.
 *
 * @module
 */

/** A monotonic clock and its timers. */
export interface Clock {
  /** Milliseconds since some fixed moment. */
  now(): number;
  /** Call `run` once, after `delayMs`. The result is only good for {@linkcode Clock.clear}. */
  after(delayMs: number, run: () => void): unknown;
  /** Forget a timer; no-op if it has run. */
  clear(timer: unknown): void;
}

/** Longest delay that `setTimeout` takes; more would fire at once. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** The running program's clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  after: (delayMs, run) => setTimeout(run, Math.min(Math.ceil(delayMs), MAX_DELAY_MS)),
  clear: (timer) => clearTimeout(timer as number),
};
