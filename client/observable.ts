/**
 * {@linkcode Observable}: a value, and those who watch it.
 *
 * @module
 */

/** A value that changes, and those who are told. */
export class Observable<T> {
  readonly #watchers: Set<{ next(value: T): void; end: (() => void) | undefined }> = new Set();
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
    const watcher = { next, end };
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
    for (const { next } of this.#watchers) {
      try {
        next(value);
      } catch (error) {
        this.#report(error);
      }
    }
  }

  /** Nothing more will change. */
  end(): void {
    this.#ended = true;
    for (const { end } of this.#watchers) end?.();
    this.#watchers.clear();
  }
}
