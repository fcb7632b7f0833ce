/**
 * What is waited for: until it comes, a signal aborts or the time is over.
 *
 * @module
 */
import type { Clock } from "../wire/clock.ts";

/** Is told when a signal aborts. */
export interface AbortListener {
  /** It has. */
  handleEvent(): void;
}

/** All that listen to one signal, as one listener: Node warns of more than ten. */
class AbortListeners extends Set<AbortListener> implements AbortListener {
  handleEvent(): void {
    for (const listener of [...this]) if (this.has(listener)) listener.handleEvent();
  }
}

const listening: WeakMap<AbortSignal, AbortListeners> = /* @__PURE__ */ new WeakMap();

/** Be told when a signal, which has not, aborts. */
export function listen(signal: AbortSignal, listener: AbortListener): void {
  let all = listening.get(signal);
  if (all === undefined) {
    listening.set(signal, all = new AbortListeners());
    signal.addEventListener("abort", all);
  }
  all.add(listener);
}

/** Be told no more. */
export function unlisten(signal: AbortSignal, listener: AbortListener): void {
  const all = listening.get(signal);
  if (!all?.delete(listener) || all.size > 0) return;
  listening.delete(signal);
  signal.removeEventListener("abort", all);
}

/** Do something when a signal aborts, at once if it has; returns how to stop waiting for it. */
export function onAbort(signal: AbortSignal | undefined, run: () => void): () => void {
  const listener = { handleEvent: run };
  if (signal?.aborted) run();
  else if (signal) listen(signal, listener);
  return () => signal && unlisten(signal, listener);
}

/** Do something later; returns how not to. */
export function after(clock: Clock, delayMs: number, run: () => void): () => void {
  const timer = clock.after(delayMs, run);
  return () => clock.clear(timer);
}

/** Steps for the end: `defer` adds one, `stop` runs them. What is added after that is run at once. */
export function cleanup(): [defer: (step: () => void) => void, stop: () => void] {
  let steps: (() => void)[] | undefined = [];
  return [
    (step) => void (steps ? steps.push(step) : step()),
    () => {
      const all = steps ?? [];
      steps = undefined;
      for (const step of all) step();
    },
  ];
}

/** What ends a wait before its time. */
export interface Interruption {
  /** Whose time it is. */
  readonly clock: Clock;
  /** Ends it when it aborts. */
  readonly signal: AbortSignal | undefined;
  /** Ends it after so many milliseconds. Default: never. */
  readonly timeoutMs?: number | undefined;
  /** The error for either. */
  error(code: "Cancelled" | "DeadlineExceeded"): unknown;
}

/**
 * Wait for what `start` begins, until it settles that, or is interrupted. What `start` returns is then
 * called, once: it stops what goes on.
 */
export function interruptible<T>(
  start: (resolve: (value: T) => void, reject: (error: unknown) => void) => () => void,
  { clock, signal, timeoutMs = Infinity, error }: Interruption,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const [defer, stop] = cleanup();
    const fail = (reason: unknown): void => {
      stop();
      reject(reason);
    };
    defer(start((value) => {
      stop();
      resolve(value);
    }, fail));
    defer(onAbort(signal, () => fail(error("Cancelled"))));
    if (timeoutMs < Infinity) defer(after(clock, timeoutMs, () => fail(error("DeadlineExceeded"))));
  });
}
