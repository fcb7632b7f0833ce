/**
 * {@linkcode checkLimits}: limits that are asked for, with the defaults.
 *
 * @module
 */
import { fillInLimits } from "./fill_in_limits.ts";
import { DEFAULT_LIMITS, type Limits } from "./limits.ts";

/**
 * Fill in the defaults.
 *
 * @throws {TypeError} If a name is unknown or a value is no number.
 * @throws {RangeError} If a value is not a positive integer, or a time longer than timers can wait.
 */
export function checkLimits(limits?: Partial<Limits>): Limits {
  return fillInLimits(limits, DEFAULT_LIMITS);
}
