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

const listening: WeakMap<AbortSignal, AbortListeners> = new WeakMap();

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
  else if (signal !== undefined) listen(signal, listener);
  return () => signal && unlisten(signal, listener);
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
