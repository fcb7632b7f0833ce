/**
 * {@linkcode Clock}: the core's source of time.
 *
 * @module
 */
import { MAX_DELAY_MS } from "./option_kinds.ts";

/** A monotonic clock and its timers. */
export interface Clock {
  /** Milliseconds since a fixed time. */
  now(): number;
  /**
   * Call `run` once, after `delayMs`, which is negative if it was due before. Its argument is a time: input
   * received before it has been handled. The result is only for {@linkcode Clock.clear}.
   */
  after(delayMs: number, run: (heardBy: number) => void): unknown;
  /** Clear a timer; no-op if it has run. */
  clear(timer: unknown): void;
}

/** The part of a clock that a client uses, which pages have too. */
export interface Timers {
  /** Milliseconds since a fixed time. */
  readonly now: () => number;
  /** Do something later, once; returns how not to. */
  readonly after: (delayMs: number, run: () => void) => () => void;
}

/** The {@linkcode Timers} of a clock. */
export function timersOf(clock: Clock): Timers {
  return {
    now: () => clock.now(),
    after(delayMs, run) {
      const timer = clock.after(delayMs, run);
      return () => clock.clear(timer);
    },
  };
}

/** A timer that is later than this, in milliseconds, is late. */
const LATE_MS = 5;
/** Milliseconds that a late timer waits for pending input. */
const GRACE_MS = 20;

/** Run after all due timers; at once if only a timer could do that. */
const { setImmediate: afterTimers = (run: () => void): unknown => run() } = globalThis as {
  setImmediate?: (run: () => void) => unknown;
};

/** A timer of the system clock. */
class SystemTimer {
  #run: ((heardBy: number) => void) | undefined;
  #at: number;
  /** When it was found late. */
  #foundAt: number | undefined;
  #id: unknown;

  constructor(delayMs: number, run: (heardBy: number) => void) {
    this.#run = run;
    this.#at = performance.now() + delayMs;
    this.#wait(delayMs);
  }

  #wait(delayMs: number): void {
    this.#id = setTimeout(SystemTimer.#due, Math.max(0, Math.ceil(delayMs)), this);
  }

  static #due(timer: SystemTimer): void {
    const now = performance.now();
    const isLate = now >= timer.#at + LATE_MS;
    if (timer.#foundAt === undefined) {
      if (!isLate) return timer.#run?.(now);
      timer.#foundAt = now;
    } // Bun's timers count from the last turn of the event loop: after a long turn they fire early.
    else if (now >= timer.#foundAt + GRACE_MS) {
      // On time this time, so the loop went round meanwhile: what is due by now needs no grace of its own.
      return timer.#run?.(isLate ? timer.#foundAt : now);
    }
    afterTimers(() => {
      if (timer.#run === undefined) return;
      timer.#at = performance.now() + GRACE_MS;
      timer.#wait(GRACE_MS);
    });
  }

  /** Let the process exit despite the timer. */
  unref(): void {
    (this.#id as { unref?(): void }).unref?.();
  }

  clear(): void {
    this.#run = undefined;
    clearTimeout(this.#id as number);
  }
}

/**
 * The running program's clock.
 *
 * A late timer first lets pending input be handled: after a suspended or busy period, timers are due before the
 * program has read the answers that wait for it.
 */
export const systemClock: Clock = {
  now: () => performance.now(),
  after: (delayMs, run) => new SystemTimer(Math.min(delayMs, MAX_DELAY_MS), run),
  clear: (timer) => (timer as SystemTimer | undefined)?.clear(),
};
