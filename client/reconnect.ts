/**
 * {@linkcode backoffMs}: how long to wait before another attempt, and the loop that does.
 *
 * @module
 */
import { ConnectError } from "../wire/errors.ts";
import { onAbort } from "./bounded_iterator.ts";
import type { Clock } from "../wire/clock.ts";
import { untilVisible, type Visibility } from "./visibility.ts";

/** The longest wait before the first attempt, in milliseconds; it doubles from there. */
export const FIRST_BACKOFF_MS = 100;

/** The longest wait before any attempt, in milliseconds. */
export const MAX_BACKOFF_MS = 30_000;

/** Above this many doublings the wait stays at its longest. */
const MAX_DOUBLINGS = 16;

/** The longest wait before the attempt, in milliseconds. */
export function maxBackoffMs(attempt: number): number {
  return Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(attempt, MAX_DOUBLINGS));
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
 * The number of the next attempt. One that lasted for as long as its wait could have been starts
 * again from 0; a peer that accepts and hangs up at once is waited for longer and longer.
 */
export function nextAttempt(attempt: number, lastedMs: number): number {
  return lastedMs >= maxBackoffMs(attempt) ? 0 : attempt + 1;
}

/** What {@linkcode retry} needs. */
export interface Retry {
  /** Whose time it waits in. */
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Ends the loop. */
  readonly signal: AbortSignal;
  /** The number of the first attempt. */
  readonly first: number;
  /** Nobody misses a connection of a page that nobody sees: it is made when it is seen again. */
  readonly visibility: Visibility;
  /** The longest wait before the first attempt, in milliseconds, if the server asked for a longer one. */
  readonly spreadMs: number;
  /** Try to connect. */
  connect(attempt: number): Promise<void>;
  /** An attempt failed; there will be another. */
  onFailure(error: Error): void;
}

/**
 * Try until it works.
 *
 * @returns Why trying again cannot help; undefined if connected or told to stop.
 */
export async function retry(options: Retry): Promise<Error | undefined> {
  const { clock, random, signal, visibility, first, spreadMs } = options;
  for (let attempt = first;; attempt++) {
    await sleep(clock, backoffMs(attempt, random(), attempt === first ? spreadMs : 0), signal);
    await untilVisible(visibility, signal);
    if (signal.aborted) return undefined;
    try {
      await options.connect(attempt);
      return undefined;
    } catch (reason) {
      if (signal.aborted) return undefined;
      const error = toError(reason);
      if (error instanceof ConnectError && !error.retryable) return error;
      options.onFailure(error);
    }
  }
}

/** Wait, or until the signal aborts. */
function sleep(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((wake) => {
    const timer = clock.after(delayMs, () => {
      forget();
      wake();
    });
    const forget = onAbort(signal, () => {
      clock.clear(timer);
      wake();
    });
  });
}

/** Whatever was thrown, as an error. */
export function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason), { cause: reason });
}
