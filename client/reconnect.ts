/**
 * {@linkcode backoffMs}: how long to wait before another attempt.
 *
 * @module
 */
/** The longest wait before the first attempt, in milliseconds; it doubles from there. */
export const FIRST_BACKOFF_MS = 100;

/** The longest wait before any attempt, in milliseconds. */
export const MAX_BACKOFF_MS = 30_000;

/** A connection that was used and lasted for so many milliseconds was a good one. */
export const SETTLED_MS = 5000;

/** The longest wait before the attempt, in milliseconds. */
export function maxBackoffMs(attempt: number): number {
  return Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** attempt);
}

/**
 * How long to wait before an attempt: 100 ms doubling to 30 s, with full jitter from the first on, so
 * that the clients of a server that went away do not come back all at once.
 *
 * @param attempt 0 for the first after a connection that lasted.
 * @param random From 0 to 1.
 * @param spreadMs Over what time a server that goes away wants its clients to come back.
 * @returns Milliseconds.
 */
export function backoffMs(attempt: number, random: number, spreadMs = 0): number {
  return Math.max(maxBackoffMs(attempt), spreadMs) * random;
}

/**
 * The number of the next attempt. It starts again from 0 after a connection that was used and lasted for
 * seconds, and for as long as its wait could have been; one that nothing came over must have lasted for
 * the longest wait. A peer that accepts and hangs up is waited for longer and longer.
 *
 * @param lastedMs How long there was a connection, in milliseconds.
 * @param used Whether anything came over it.
 */
export function nextAttempt(attempt: number, lastedMs: number, used: boolean): number {
  const settledMs = used ? Math.max(SETTLED_MS, maxBackoffMs(attempt)) : MAX_BACKOFF_MS;
  return lastedMs >= settledMs ? 0 : attempt + 1;
}
