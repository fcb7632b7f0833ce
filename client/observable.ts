/**
 * {@linkcode observable}: a value with watchers.
 *
 * @module
 */
import { tell } from "../wire/listener.ts";

type Watcher<T> = readonly [next: (value: T) => void, end: (() => void) | undefined];

/**
 * A value with watchers.
 *
 * A watcher may change the value, add watchers or remove them. Each watcher sees every change since it was added, in
 * order, and none after it was removed. No function needs `this`.
 */
export interface Observable<T> {
  /** The current value. */
  readonly current: T;
  /** Its watchers. */
  readonly watchers: { readonly size: number };
  /** Call `next` after each change and `end` after the last one; returns a function that unsubscribes. */
  readonly watch: (next: (value: T) => void, end?: () => void) => () => void;
  /** Change it. */
  readonly set: (value: T) => void;
  /** End: no more changes. */
  readonly end: () => void;
}

/** Create with a first value. `report` receives errors of watchers. */
export function observable<T>(current: T, report: (error: unknown) => void): Observable<T> {
  const all = new Set<Watcher<T>>();
  /** Changes being delivered, each with its watchers. */
  let telling: [T, Watcher<T>[]][] = [];
  let ended = false;

  const end = (): void => {
    ended = true;
    if (telling[0]) return;
    for (const [, end] of all) end?.();
    all.clear();
  };
  // Without accessors: they are closures here, with which V8 makes each object a hash table of its own.
  const it = {
    current,
    watchers: all,
    watch(next: Watcher<T>[0], end?: () => void) {
      const watcher: Watcher<T> = [next, end];
      if (ended) end?.();
      else all.add(watcher);
      return () => void all.delete(watcher);
    },
    set(value: T) {
      if (ended) return;
      it.current = value;
      if (!all.size) return;
      if (telling.push([value, [...all]]) > 1) return;
      for (const [told, watchers] of telling) {
        for (const watcher of watchers) {
          if (all.has(watcher)) tell(watcher[0], told, report);
        }
      }
      telling = [];
      if (ended) end();
    },
    end,
  };
  return it;
}
