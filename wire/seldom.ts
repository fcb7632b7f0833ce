/**
 * Which of many alike are told of: ever fewer of ever more, so that a flood of mistakes is not answered
 * by a flood of reports. The one rule for whatever a peer or an engine can cause at will.
 *
 * @module
 */

/**
 * Whether to tell of the `count`th of a kind: of the 1st, 2nd, 4th, 8th ….
 *
 * @param before How many there were before, if several came at once.
 */
export function isSeldom(count: number, before: number = count - 1): boolean {
  return Math.clz32(before) !== Math.clz32(count);
}

/** Milliseconds without one after which the next is told again. */
const QUIET_MS = 60_000;

/** Counts one kind by {@linkcode isSeldom}, and anew after a quiet minute. */
export class Seldom {
  #count = 0;
  #untold = 0;
  #lastMs = 0;

  /**
   * One more has happened.
   *
   * @param nowMs Of a monotonic clock.
   * @returns How many before it were not told, if it is to be; else `undefined`.
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
