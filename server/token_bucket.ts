/**
 * {@linkcode TokenBucket}: the rate limit of a connection.
 *
 * @module
 */

import { checkOptionKinds, type OptionKind } from "../wire/option_kinds.ts";

/** A rate limit for calls. */
export interface CallRate {
  /** Calls per second, on average. */
  readonly perSecond: number;
  /** Most calls at once after a pause. Default: `perSecond`. */
  readonly burst?: number | undefined;
}

const KINDS: Readonly<Record<keyof CallRate, OptionKind>> = {
  perSecond: "number",
  burst: "number",
};

/**
 * Validate a rate limit.
 *
 * @throws {TypeError} If a name is unknown, or a value is not a number.
 * @throws {RangeError} If a number is not above 0, or a burst below 1.
 */
export function checkCallRate(rate: CallRate): void {
  checkOptionKinds("callRate", rate, KINDS);
  const { perSecond, burst = Math.max(1, perSecond) } = rate;
  if (!(perSecond > 0 && perSecond < Infinity)) {
    throw new RangeError(`Cannot limit calls to ${perSecond} a second: expected more than 0`);
  }
  if (!(burst >= 1 && burst < Infinity)) {
    throw new RangeError(`Cannot allow a burst of ${burst} calls: expected at least 1`);
  }
}

/** Tokens arrive at a constant rate up to a bound; each call takes one. */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  readonly #now: () => number;
  #tokens: number;
  #at: number;

  /** Create full. `now` is a monotonic clock in milliseconds. */
  constructor({ perSecond, burst = Math.max(1, perSecond) }: CallRate, now: () => number) {
    this.#perMs = perSecond / 1000;
    this.#burst = burst;
    this.#now = now;
    this.#tokens = burst;
    this.#at = now();
  }

  /** Whether there is no token now. */
  get empty(): boolean {
    const now = this.#now();
    const elapsedMs = Math.max(0, now - this.#at);
    this.#at = now;
    this.#tokens = Math.min(this.#burst, this.#tokens + elapsedMs * this.#perMs);
    return this.#tokens < 1;
  }

  /** Take a token, if there is one. */
  take(): boolean {
    if (this.empty) return false;
    this.#tokens--;
    return true;
  }
}
