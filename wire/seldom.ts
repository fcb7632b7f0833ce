/**
 * Throttles reports of repeated errors, so that a flood of errors doesn't cause a flood of reports. The one rule
 * for everything that a peer or an engine can cause at will.
 *
 * @module
 */

/**
 * Whether to report the `count`th of a kind: the 1st, 2nd, 4th, 8th ….
 *
 * @param before The count before, if several came at once.
 */
export function isSeldom(count: number, before: number = count - 1): boolean {
  return Math.clz32(before) !== Math.clz32(count);
}

/** Milliseconds without one after which counting starts again. */
const QUIET_MS = 60_000;

/** Counts one kind by {@linkcode isSeldom}; starts again after a minute without. */
export class Seldom {
  #count = 0;
  #untold = 0;
  #lastMs = 0;

  /**
   * One more has happened.
   *
   * @param nowMs The time of a monotonic clock.
   * @returns The number of unreported ones before it, if it should be reported; else `undefined`.
   */
  add(nowMs: number = performance.now()): number | undefined {
    if (nowMs - this.#lastMs > QUIET_MS) this.#count = 0;
    this.#lastMs = nowMs;
    const untold = this.#untold;
    const told = isSeldom(++this.#count);
    this.#untold = told ? 0 : untold + 1;
    return told ? untold : undefined;
  }
}
