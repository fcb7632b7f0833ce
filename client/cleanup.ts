/**
 * {@linkcode Cleanup}: what is to be undone at the end.
 *
 * @module
 */

/** Steps that are run once, together. What is added after that is run at once. */
export class Cleanup {
  #steps: (() => void)[] | undefined = [];

  /** Run this at the end. */
  add(step: () => void): void {
    if (this.#steps === undefined) step();
    else this.#steps.push(step);
  }

  /** The end has come. */
  run(): void {
    const steps = this.#steps ?? [];
    this.#steps = undefined;
    for (const step of steps) step();
  }
}

/** Do something when a signal aborts, at once if it has; returns how to stop waiting for it. */
export function onAbort(signal: AbortSignal | undefined, run: () => void): () => void {
  if (signal?.aborted) run();
  else signal?.addEventListener("abort", run, { once: true });
  return () => signal?.removeEventListener("abort", run);
}

/** Resolve when `start` calls back, or the signal aborts. `start` returns how to stop it. */
export function wait(
  signal: AbortSignal,
  start: (wake: () => void) => () => void,
): Promise<void> {
  return new Promise((resolve) => {
    const cleanup = new Cleanup();
    const wake = (): void => {
      cleanup.run();
      resolve();
    };
    cleanup.add(onAbort(signal, wake));
    cleanup.add(start(wake));
  });
}
