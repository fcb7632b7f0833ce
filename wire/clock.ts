/**
 * {@linkcode Clock}: how time enters the core.
 *
 * @module
 */
import { MAX_DELAY_MS } from "./option_kinds.ts";

/** A monotonic clock and its timers. */
export interface Clock {
  /** Milliseconds since some fixed moment. */
  now(): number;
  /**
   * Call `run` once, after `delayMs`, which is negative for what was due before. It is told a moment: what
   * had come by then has been heard. The result is only good for {@linkcode Clock.clear}.
   */
  after(delayMs: number, run: (heardBy: number) => void): unknown;
  /** Forget a timer; no-op if it has run. */
  clear(timer: unknown): void;
}

/** What a client uses of a clock: as much as a page has. */
export interface Timers {
  /** Milliseconds since some fixed moment. */
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
/** Milliseconds that a late timer leaves for what has come in the meantime. */
const GRACE_MS = 20;

/** Run after all timers that are due; at once where nothing but a timer can do that. */
const { setImmediate: afterTimers = (run: () => void): unknown => run() } = globalThis as {
  setImmediate?: (run: () => void) => unknown;
};

/** A timer of the running program. */
class SystemTimer {
  #run: ((heardBy: number) => void) | undefined;
  #at: number;
  /** When it was found to be late. */
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
    if (timer.#foundAt === undefined) {
      if (now < timer.#at + LATE_MS) return timer.#run?.(now);
      timer.#foundAt = now;
    } // Bun's timers count from the last turn of the event loop: after a long one they are early.
    else if (now >= timer.#foundAt + GRACE_MS) return timer.#run?.(timer.#foundAt);
    afterTimers(() => {
      if (timer.#run !== undefined) timer.#wait(GRACE_MS);
    });
  }

  /** It alone keeps no process alive. */
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
 * A timer that is late lets what has come in the meantime be heard first: after a program was suspended,
 * or busy, timers are due before it has read the answers that wait for it.
 */
export const systemClock: Clock = {
  now: () => performance.now(),
  after: (delayMs, run) => new SystemTimer(Math.min(delayMs, MAX_DELAY_MS), run),
  clear: (timer) => (timer as SystemTimer | undefined)?.clear(),
};
