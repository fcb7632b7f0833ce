/**
 * {@linkcode Observable}: a value, and those who watch it.
 *
 * @module
 */
import { tell } from "../wire/listener.ts";

interface Watcher<T> {
  readonly next: (value: T) => void;
  readonly end: (() => void) | undefined;
  /** How many changes there were before. */
  readonly since: number;
}

/**
 * A value that changes, and those who are told.
 *
 * A watcher may change it, watch it, or stop others: each watcher is told of every change after it came,
 * in their order, and of none after it has gone.
 */
export class Observable<T> {
  readonly #watchers: Set<Watcher<T>> = new Set();
  /** The changes that are being told of. */
  #telling: T[] | undefined;
  #changes = 0;
  readonly #report: (error: unknown) => void;
  #ended = false;
  #current: T;

  /** Create with a first value. `report` is told what those who watch throw. */
  constructor(current: T, report: (error: unknown) => void) {
    this.#current = current;
    this.#report = report;
  }

  /** The value now. */
  get current(): T {
    return this.#current;
  }

  /** How many are watching. */
  get watchers(): number {
    return this.#watchers.size;
  }

  /** Call `next` after each change and `end` after the last one; returns how to stop. */
  watch(next: (value: T) => void, end?: () => void): () => void {
    const watcher = { next, end, since: this.#changes };
    if (this.#ended) end?.();
    else this.#watchers.add(watcher);
    return () => {
      this.#watchers.delete(watcher);
    };
  }

  /** {@linkcode Observable.watch} that needs no `this`. */
  readonly subscribe = (listener: (value: T) => void): () => void => this.watch(listener);

  /** Change it. */
  set(value: T): void {
    if (this.#ended) return;
    this.#current = value;
    let change = this.#changes++;
    if (this.#telling !== undefined) {
      this.#telling.push(value);
      return;
    }
    this.#telling = [value];
    for (const told of this.#telling) {
      for (const { next, since } of this.#watchers) {
        if (since <= change) tell(next, told, this.#report);
      }
      change++;
    }
    this.#telling = undefined;
    if (this.#ended) this.#tellEnd();
  }

  /** Nothing more will change. */
  end(): void {
    this.#ended = true;
    if (this.#telling === undefined) this.#tellEnd();
  }

  #tellEnd(): void {
    for (const { end } of this.#watchers) end?.();
    this.#watchers.clear();
  }
}
