/**
 * {@linkcode interruptible}: waits for a step, until it settles, a signal aborts or a timeout passes.
 *
 * @module
 */
import type { Timers } from "./clock.ts";
import { cleanup } from "./listener.ts";

/** The parts needed for waiting. */
export interface Waits extends Timers {
  /** Call a function when a signal aborts, at once if it has; returns a function that unsubscribes. */
  readonly onAbort: (signal: AbortSignal | undefined, run: () => void) => () => void;
}

/** Starts a step that settles later; returns a function that stops it. */
export type Start<T> = (
  resolve: (value: T) => void,
  reject: (error: unknown) => void,
) => () => void;

/**
 * Run `start` and wait until it settles or is interrupted. The function that `start` returns is then called once, to
 * stop it.
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
    // Settled first: stopping may settle it too.
    const fail = (reason: unknown): void => {
      reject(reason);
      stop();
    };
    defer(start((value) => {
      resolve(value);
      stop();
    }, fail));
    defer(onAbort(signal, () => fail(error("Cancelled"))));
    // A delay over `MAX_DELAY_MS` is never.
    if (timeoutMs < 2 ** 31) {
      defer(after(timeoutMs, () => {
        fail(error("DeadlineExceeded", `it took over ${timeoutMs} ms`));
      }));
    }
  });
}
