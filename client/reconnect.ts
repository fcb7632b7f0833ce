/**
 * When to connect again: {@linkcode nextBackoffMs}, and what a server that goes away says of it.
 *
 * @module
 */
import { GOING_AWAY, MAX_SPREAD_MS } from "../wire/close.ts";
import { FIRST_BACKOFF_MS, MAX_BACKOFF_MS, SETTLED_MS } from "../wire/page_limits.ts";

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

/**
 * What a close of a server that goes away says of the return.
 *
 * @returns The milliseconds over which to spread it, 0 for any other close; and whether the close states that every
 * call the server received was answered before it: a call without an answer then did not run. Without the mark it may
 * have run.
 */
export function returnOf(
  code: number,
  reason: string,
): [spreadMs: number, isDrained: boolean] {
  if (code !== GOING_AWAY) return [0, false];
  const [, within = 0] = /; return within (\d{1,6}) ms$/.exec(reason) ?? [];
  return [Math.min(MAX_SPREAD_MS, +within), /; drained(;|$)/.test(reason)];
}
