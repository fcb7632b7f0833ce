/**
 * What timers can wait.
 *
 * @module
 */

/** Longest delay that `setTimeout` takes, in milliseconds; more would fire at once. */
export const MAX_DELAY_MS = 0x7fff_ffff;
