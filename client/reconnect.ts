/**
 * {@linkcode backoffMs}: the delay before the next attempt.
 *
 * @module
 */
/** Longest delay before the first attempt, in milliseconds; it doubles from there. */
export const FIRST_BACKOFF_MS = 100;

/** Longest delay before any attempt, in milliseconds. */
export const MAX_BACKOFF_MS = 30_000;

/** Milliseconds after which a used connection counts as stable. */
export const SETTLED_MS = 5000;

/** Longest delay before the attempt, in milliseconds. */
export function maxBackoffMs(attempt: number): number {
  return Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** attempt);
}

/**
 * The delay before an attempt: 100 ms doubling to 30 s, with full jitter from the first attempt on, so that the
 * clients of a stopped server don't reconnect all at once.
 *
 * @param attempt 0 for the first attempt after a stable connection.
 * @param random From 0 to 1.
 * @param spreadMs The time over which a draining server spreads its clients' reconnects.
 * @returns Milliseconds.
 */
export function backoffMs(attempt: number, random: number, spreadMs = 0): number {
  return Math.max(maxBackoffMs(attempt), spreadMs) * random;
}

/**
 * The number of the next attempt. It restarts at 0 after a stable connection: one that was used, lasted for seconds
 * and at least as long as its longest delay; an unused one must have lasted for the longest delay of all. So the
 * delay keeps growing for a peer that accepts and hangs up.
 *
 * @param lastedMs The connection's duration, in milliseconds.
 * @param used Whether a message was received.
 */
export function nextAttempt(attempt: number, lastedMs: number, used: boolean): number {
  const settledMs = used ? Math.max(SETTLED_MS, maxBackoffMs(attempt)) : MAX_BACKOFF_MS;
  return lastedMs >= settledMs ? 0 : attempt + 1;
}
