/**
 * {@linkcode interruptible}: what is waited for, until it comes, a signal aborts or the time is over.
 *
 * @module
 */
import type { Timers } from "../wire/clock.ts";
import { cleanup } from "../wire/listener.ts";

/** By what a client waits. */
export interface Waits extends Timers {
  /** Do something when a signal aborts, at once if it has; returns how to stop waiting for it. */
  readonly onAbort: (signal: AbortSignal | undefined, run: () => void) => () => void;
}

/** Begins something, to settle it; returns what stops it. */
export type Start<T> = (
  resolve: (value: T) => void,
  reject: (error: unknown) => void,
) => () => void;

/**
 * Wait for what `start` begins, until it settles that, or is interrupted. What `start` returns is then
 * called, once: it stops what goes on.
 *
 * @param error Makes the error of an interruption: by the signal, or after `timeoutMs`. It is told why in words, of the latter.
 */
export function interruptible<T>(
  { after, onAbort }: Waits,
  start: Start<T>,
  error: (code: "Cancelled" | "DeadlineExceeded", why?: string) => unknown,
  signal: AbortSignal | undefined,
  timeoutMs: number = Infinity,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const [defer, stop] = cleanup();
    // Settled first: what stops may settle it as well.
    const fail = (reason: unknown): void => {
      reject(reason);
      stop();
    };
    defer(start((value) => {
      resolve(value);
      stop();
    }, fail));
    defer(onAbort(signal, () => fail(error("Cancelled"))));
    // What is more than timers can wait is never.
    if (timeoutMs < 2 ** 31) {
      defer(after(timeoutMs, () => {
        fail(error("DeadlineExceeded", `it took over ${timeoutMs} ms`));
      }));
    }
  });
}
