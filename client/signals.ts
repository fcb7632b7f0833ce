/**
 * Listening to signals, any number of times.
 *
 * @module
 */

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
