/**
 * {@linkcode StateMirror}: the client's copy of the connection state.
 *
 * @module
 */
import type { Schema } from "../codec/schema.ts";
import { RpcError } from "../wire/errors.ts";
import { BoundedIterator, onAbort } from "./bounded_iterator.ts";
import type { Clock } from "../wire/clock.ts";

/** How to wait for a state. */
export interface UntilOptions {
  /** Stop waiting when it aborts: `Cancelled`. */
  readonly signal?: AbortSignal | undefined;
  /** Stop waiting after so many milliseconds: `DeadlineExceeded`. Default: never. */
  readonly timeoutMs?: number | undefined;
}

/**
 * The connection state as the server last sent it.
 *
 * It starts from every field's default, and again from there on each new connection: the server
 * sends only what differs.
 *
 * @typeParam S The fields.
 */
export interface ClientState<S> {
  /** A frozen snapshot: another object after every change, the same one in between. */
  readonly current: Readonly<S>;
  /**
   * Wait for a state.
   *
   * @param predicate Called with the current state at once, then with each later one.
   * @returns The first state for which the predicate is true.
   * @throws {RpcError} `Cancelled`, `DeadlineExceeded`, or `ClientNotConnected` once the client is closed.
   */
  until(predicate: (state: Readonly<S>) => boolean, options?: UntilOptions): Promise<Readonly<S>>;
  /** Each later state. A slow reader gets the newest, and not those in between. */
  changes(options?: { readonly signal?: AbortSignal }): AsyncIterableIterator<Readonly<S>>;
  /**
   * Be called after each change. Needs no `this`, as React's `useSyncExternalStore` wants it.
   *
   * @returns How to stop.
   */
  readonly subscribe: (listener: (state: Readonly<S>) => void) => () => void;
}

/** One field of the state. */
export interface MirroredField {
  /** Its name. */
  readonly name: string;
  /** How it is archived. */
  readonly schema: Schema<unknown>;
}

/** Applies state updates and tells those who watch. */
export class StateMirror<S> implements ClientState<S> {
  readonly #fields: readonly MirroredField[];
  readonly #clock: Clock;
  readonly #report: (error: unknown) => void;
  readonly #listeners: Set<(state: Readonly<S>) => void> = new Set();
  readonly #untilEnd: Set<() => void> = new Set();
  #current: Readonly<S>;
  #draft: Record<string, unknown> | undefined;
  #ended = false;
  #unknownFields = 0;

  /**
   * Create at the fields' defaults.
   *
   * @param fields In the service's order.
   * @param clock For deadlines.
   * @param report Told what listeners throw.
   */
  constructor(fields: readonly MirroredField[], clock: Clock, report: (error: unknown) => void) {
    this.#fields = fields;
    this.#clock = clock;
    this.#report = report;
    this.#current = this.#defaults();
  }

  #defaults(): Readonly<S> {
    const state: Record<string, unknown> = {};
    for (const { name, schema } of this.#fields) state[name] = schema.defaultValue();
    return Object.freeze(state) as Readonly<S>;
  }

  get current(): Readonly<S> {
    return this.#current;
  }

  /** Updates to a field this side does not know: a newer server may have more. Rust ignores them. */
  get unknownFields(): number {
    return this.#unknownFields;
  }

  /** How many are watching. */
  get watchers(): number {
    return this.#listeners.size + this.#untilEnd.size;
  }

  /** The schema of a field; undefined, and counted, if there is no such field. */
  schemaOf(index: number): Schema<unknown> | undefined {
    const field = this.#fields[index];
    if (field === undefined) this.#unknownFields++;
    return field?.schema;
  }

  /** Change a known field in the next state. */
  set(index: number, value: unknown): void {
    const field = this.#fields[index] as MirroredField;
    this.#draft ??= { ...this.#current };
    this.#draft[field.name] = value;
  }

  /** Make the next state the current one. */
  commit(): void {
    const draft = this.#draft;
    this.#draft = undefined;
    if (draft !== undefined) this.#become(Object.freeze(draft) as Readonly<S>);
  }

  /** Forget the next state. */
  discard(): void {
    this.#draft = undefined;
  }

  /** Back to the defaults, for a new connection. */
  reset(): void {
    this.#draft = undefined;
    this.#become(this.#defaults());
  }

  #become(state: Readonly<S>): void {
    this.#current = state;
    for (const listener of this.#listeners) {
      try {
        listener(state);
      } catch (error) {
        this.#report(error);
      }
    }
  }

  /** Nothing more will change. */
  end(): void {
    this.#ended = true;
    for (const end of this.#untilEnd) end();
    this.#untilEnd.clear();
    this.#listeners.clear();
  }

  readonly subscribe = (listener: (state: Readonly<S>) => void): () => void => {
    // A wrapper of its own: the same function may be subscribed twice.
    const entry = (state: Readonly<S>): void => listener(state);
    if (!this.#ended) this.#listeners.add(entry);
    return () => {
      this.#listeners.delete(entry);
    };
  };

  until(
    predicate: (state: Readonly<S>) => boolean,
    { signal, timeoutMs }: UntilOptions = {},
  ): Promise<Readonly<S>> {
    return new Promise((resolve, reject) => {
      if (predicate(this.#current)) return resolve(this.#current);
      if (this.#ended) return reject(closed());
      if (signal?.aborted) return reject(cancelled(signal));

      const stop = (): void => {
        unsubscribe();
        forget();
        this.#untilEnd.delete(end);
        if (timer !== undefined) this.#clock.clear(timer);
      };
      const fail = (error: unknown): void => {
        stop();
        reject(error);
      };
      const end = (): void => fail(closed());
      const unsubscribe = this.subscribe((state) => {
        try {
          if (!predicate(state)) return;
        } catch (error) {
          return fail(error);
        }
        stop();
        resolve(state);
      });
      const forget = onAbort(signal, () => fail(cancelled(signal)));
      const timer = timeoutMs === undefined || timeoutMs === Infinity
        ? undefined
        : this.#clock.after(timeoutMs, () =>
          fail(
            new RpcError("DeadlineExceeded", `The state did not come within ${timeoutMs} ms`),
          ));
      this.#untilEnd.add(end);
    });
  }

  changes({ signal }: { readonly signal?: AbortSignal } = {}): AsyncIterableIterator<Readonly<S>> {
    const stop: (() => void)[] = [];
    const iterator = new BoundedIterator<Readonly<S>>(1, "drop-oldest", () => {
      for (const each of stop) each();
    });
    const end = (): void => iterator.end();
    if (this.#ended) end();
    else {
      this.#untilEnd.add(end);
      stop.push(
        this.subscribe((state) => iterator.push(state)),
        () => this.#untilEnd.delete(end),
      );
      stop.push(onAbort(signal, end));
    }
    return iterator;
  }
}

function cancelled(signal: AbortSignal | undefined): RpcError {
  return new RpcError("Cancelled", "Stopped waiting for a state: the signal aborted", {
    cause: signal?.reason,
  });
}

function closed(): RpcError {
  return new RpcError("ClientNotConnected", "Cannot wait for a state: the client is closed");
}
