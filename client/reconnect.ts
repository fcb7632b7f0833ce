/**
 * {@linkcode nextBackoffMs}: the longest delay before the next attempt.
 *
 * @module
 */
/** Longest delay before the first attempt, in milliseconds; it doubles from there. */
export const FIRST_BACKOFF_MS = 100;

/** Longest delay before any attempt, in milliseconds. */
export const MAX_BACKOFF_MS = 30_000;

/** Milliseconds after which a used connection counts as stable. */
export const SETTLED_MS = 5000;

/**
 * The longest delay before an attempt: 100 ms doubling to 30 s. The delay itself is random, from the first attempt on,
 * so that the clients of a stopped server don't reconnect all at once.
 *
 * It starts again after a stable connection: one that was used, lasted for seconds and at least as long as the delay
 * before it could have; an unused one must have lasted for the longest delay of all. So the delay keeps growing for a
 * peer that accepts and hangs up.
 *
 * @param lastMs The longest delay before the last attempt.
 * @param lastedMs The connection's duration, in milliseconds.
 * @param used Whether a message was received.
 * @returns Milliseconds.
 */
export function nextBackoffMs(lastMs: number, lastedMs: number, used: boolean): number {
  const settledMs = used ? Math.max(SETTLED_MS, lastMs) : MAX_BACKOFF_MS;
  return lastedMs < settledMs ? Math.min(MAX_BACKOFF_MS, 2 * lastMs) : FIRST_BACKOFF_MS;
}
