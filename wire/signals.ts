/**
 * Any number of listeners per signal.
 *
 * @module
 */

/** A listener of a signal. */
export interface AbortListener {
  /** The signal has aborted. */
  handleEvent(): void;
}

/** All listeners of one signal, as one: Node warns of more than ten. */
class AbortListeners extends Set<AbortListener> implements AbortListener {
  handleEvent(): void {
    for (const listener of [...this]) if (this.has(listener)) listener.handleEvent();
  }
}

const listening: WeakMap<AbortSignal, AbortListeners> = /* @__PURE__ */ new WeakMap();

/** Listen to a signal that has not aborted. */
export function listen(signal: AbortSignal, listener: AbortListener): void {
  let all = listening.get(signal);
  if (all === undefined) {
    listening.set(signal, all = new AbortListeners());
    signal.addEventListener("abort", all);
  }
  all.add(listener);
}

/** Stop listening. */
export function unlisten(signal: AbortSignal, listener: AbortListener): void {
  const all = listening.get(signal);
  if (!all?.delete(listener) || all.size > 0) return;
  listening.delete(signal);
  signal.removeEventListener("abort", all);
}

/** Call a function when a signal aborts, at once if it has; returns a function that unsubscribes. */
export function onAbort(signal: AbortSignal | undefined, run: () => void): () => void {
  const listener = { handleEvent: run };
  if (signal?.aborted) run();
  else if (signal) listen(signal, listener);
  return () => signal && unlisten(signal, listener);
}
