/**
 * {@linkcode pageClock}: a page's time.
 *
 * @module
 */
import type { Clock } from "../wire/clock.ts";

/** A timer that is later than this, in milliseconds, is late. */
const LATE_MS = 5;
/** Milliseconds that a late timer leaves for what has come in the meantime. */
const GRACE_MS = 20;
/** A page's clock: as `systemClock`, a timer that is late lets what has come meanwhile be heard first. Delays are below 2³¹. */
export const pageClock: Clock = {
  now: () => performance.now(),
  after(delayMs, run) {
    const lateMs = performance.now() + delayMs + LATE_MS;
    let id = setTimeout(() => {
      const now = performance.now();
      if (now < lateMs) run(now);
      else id = setTimeout(run, GRACE_MS, now);
    }, delayMs);
    return () => clearTimeout(id);
  },
  clear: (stop) => (stop as (() => void) | undefined)?.(),
};
