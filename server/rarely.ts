/**
 * {@linkcode Rarely}: what is told again after a quiet time.
 *
 * @module
 */
import { isSeldom } from "../wire/seldom.ts";

/** Milliseconds without one after which the next is told again. */
const QUIET_MS = 60_000;

/** Says which of many alike are told: as {@linkcode isSeldom}, and anew after a quiet minute. */
export class Rarely {
  #count = 0;
  #lastMs = 0;

  /** One more has happened. Returns whether to tell of it. */
  add(): boolean {
    const now = performance.now();
    if (now - this.#lastMs > QUIET_MS) this.#count = 0;
    this.#lastMs = now;
    return isSeldom(++this.#count);
  }
}
