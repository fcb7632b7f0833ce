/**
 * {@linkcode Observable}: a value, and those who watch it.
 *
 * @module
 */
import { tell } from "../wire/listener.ts";

type Watcher<T> = readonly [next: (value: T) => void, end: (() => void) | undefined];

/**
 * A value that changes, and those who are told.
 *
 * A watcher may change it, watch it, or stop others: each watcher is told of every change after it came,
 * in their order, and of none after it has gone.
 */
export class Observable<T> {
  readonly #watchers: Set<Watcher<T>> = new Set();
  /** The changes that are being told of, each with those who were there. */
  #telling: [T, Watcher<T>[]][] = [];
  readonly #report: (error: unknown) => void;
  #ended = false;
  /** The value now. */
  current: T;

  /** Create with a first value. `report` is told what those who watch throw. */
  constructor(current: T, report: (error: unknown) => void) {
    this.current = current;
    this.#report = report;
  }

  /** How many are watching. */
  get watchers(): number {
    return this.#watchers.size;
  }

  /** Call `next` after each change and `end` after the last one; returns how to stop. */
  watch(next: (value: T) => void, end?: () => void): () => void {
    const watcher: Watcher<T> = [next, end];
    if (this.#ended) end?.();
    else this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  /** {@linkcode Observable.watch} that needs no `this`. */
  readonly subscribe = (listener: (value: T) => void): () => void => this.watch(listener);

  /** Change it. */
  set(value: T): void {
    if (this.#ended) return;
    this.current = value;
    if (this.#telling.push([value, [...this.#watchers]]) > 1) return;
    for (const [told, watchers] of this.#telling) {
      for (const watcher of watchers) {
        if (this.#watchers.has(watcher)) tell(watcher[0], told, this.#report);
      }
    }
    this.#telling = [];
    if (this.#ended) this.end();
  }

  /** Nothing more will change. */
  end(): void {
    this.#ended = true;
    if (this.#telling.length > 0) return;
    for (const [, end] of this.#watchers) end?.();
    this.#watchers.clear();
  }
}
