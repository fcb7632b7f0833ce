/**
 * {@linkcode observable}: a value, and those who watch it.
 *
 * @module
 */
import { tell } from "../wire/listener.ts";

type Watcher<T> = readonly [next: (value: T) => void, end: (() => void) | undefined];

/**
 * A value that changes, and those who are told.
 *
 * A watcher may change it, watch it, or stop others: each watcher is told of every change after it came,
 * in their order, and of none after it has gone. No function of it needs a `this`.
 */
export interface Observable<T> {
  /** The value now. */
  readonly current: T;
  /** How many are watching. */
  readonly watchers: number;
  /** Call `next` after each change and `end` after the last one; returns how to stop. */
  readonly watch: (next: (value: T) => void, end?: () => void) => () => void;
  /** Change it. */
  readonly set: (value: T) => void;
  /** Nothing more will change. */
  readonly end: () => void;
}

/** Create with a first value. `report` is told what those who watch throw. */
export function observable<T>(current: T, report: (error: unknown) => void): Observable<T> {
  const all = new Set<Watcher<T>>();
  /** The changes that are being told of, each with those who were there. */
  let telling: [T, Watcher<T>[]][] = [];
  let ended = false;

  const end = (): void => {
    ended = true;
    if (telling[0]) return;
    for (const [, end] of all) end?.();
    all.clear();
  };
  return {
    get current() {
      return current;
    },
    get watchers() {
      return all.size;
    },
    watch(next, end) {
      const watcher: Watcher<T> = [next, end];
      if (ended) end?.();
      else all.add(watcher);
      return () => void all.delete(watcher);
    },
    set(value) {
      if (ended) return;
      current = value;
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
}
