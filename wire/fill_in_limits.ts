/**
 * {@linkcode fillInLimits}: limits that are asked for, checked.
 *
 * @module
 */
import type { Limits } from "./limits.ts";
import { MAX_DELAY_MS } from "./max_delay.ts";

/**
 * Fill in the defaults.
 *
 * @throws {TypeError} If a name is unknown or a value is no number.
 * @throws {RangeError} If a value is not a positive integer, or a time longer than timers can wait.
 */
export function fillInLimits<L extends Partial<Limits>>(
  limits: Partial<Limits> | undefined,
  defaults: L,
): L {
  const checked: Record<string, number | undefined> = { ...defaults };
  for (const [name, value] of Object.entries(limits ?? {})) {
    if (!Object.hasOwn(defaults, name)) {
      throw new TypeError(
        `Cannot use limit "${name}": the limits are ${Object.keys(defaults).join(", ")}`,
      );
    }
    if (value === undefined) continue;
    if (typeof value !== "number") {
      throw new TypeError(`Cannot use limit "${name}": expected a number, got a ${typeof value}`);
    }
    if (!Number.isSafeInteger(value) || value <= 0) {
      throw new RangeError(`Cannot use limit "${name}": expected a positive integer, got ${value}`);
    }
    if (name.endsWith("Ms") && value > MAX_DELAY_MS) {
      throw new RangeError(
        `Cannot use limit "${name}": expected at most ${MAX_DELAY_MS}, got ${value}`,
      );
    }
    checked[name] = value;
  }
  return checked as L;
}
