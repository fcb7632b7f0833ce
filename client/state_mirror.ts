/**
 * {@linkcode StateMirror}: the client's copy of the connection state.
 *
 * @module
 */
import { zeroOf } from "../codec/default.ts";
import type { Schema } from "../codec/schema.ts";
import { RpcError, type RpcErrorCode } from "../wire/errors.ts";
import { ignore, isThenable } from "../wire/listener.ts";
import type { Count } from "./many.ts";
import { Observable } from "./observable.ts";
import { queue } from "./queue.ts";
import { interruptible, type Waits } from "./waiting.ts";

/** How to wait for a state. */
export interface UntilOptions {
  /** Stop waiting when it aborts: `Cancelled`. */
  readonly signal?: AbortSignal | undefined;
  /** Stop waiting after so many milliseconds: `DeadlineExceeded`. Default: never. */
  readonly timeoutMs?: number | undefined;
}

/** Each later state, until `return()`, a signal or the client's end. */
export interface StateChanges<S>
  extends AsyncIterableIterator<Readonly<S>, undefined>, AsyncDisposable {
  /** Stop. */
  return(): Promise<IteratorResult<Readonly<S>, undefined>>;
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
  /**
   * Each later state. A slow reader gets the newest, and not those in between. As of events: leave the
   * loop or call `return()` to end it.
   */
  changes(options?: { readonly signal?: AbortSignal }): StateChanges<S>;
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
export class StateMirror<S> extends Observable<Readonly<S>> implements ClientState<S> {
  /** In the service's order. */
  readonly fields: readonly MirroredField[];
  readonly #waits: Waits;
  readonly #count: Count | undefined;

  /**
   * Create at the fields' defaults.
   *
   * @param fields In the service's order.
   * @param waits For deadlines and signals.
   * @param onBug Told what listeners throw.
   * @param count Told how many wait.
   */
  constructor(
    fields: readonly MirroredField[],
    waits: Waits,
    onBug: (error: unknown) => void,
    count?: Count,
  ) {
    super(defaults(fields), onBug);
    this.fields = fields;
    this.#waits = waits;
    this.#count = count;
  }

  /** Change fields, by name. */
  apply(changed: Readonly<Record<string, unknown>>): void {
    this.set(Object.freeze({ ...this.current, ...changed }));
  }

  /** Back to the defaults, for a new connection. */
  reset(): void {
    this.set(defaults(this.fields));
  }

  until(
    predicate: (state: Readonly<S>) => boolean,
    { signal, timeoutMs }: UntilOptions = {},
  ): Promise<Readonly<S>> {
    const error = (code: RpcErrorCode): RpcError =>
      new RpcError(code, `until(): ${code}${code[0] === "D" ? ` after ${timeoutMs} ms` : ""}`, {
        cause: signal?.reason,
      });
    return interruptible(
      this.#waits,
      (resolve, reject) => {
        const check = (state: Readonly<S>): void => {
          try {
            const answer: unknown = predicate(state);
            if (isThenable(answer)) throw asyncPredicate(answer);
            if (answer) resolve(state);
          } catch (reason) {
            reject(reason);
          }
        };
        check(this.current);
        return this.#waitFor(check, () => reject(error("ClientNotConnected")));
      },
      error,
      signal,
      timeoutMs,
    );
  }

  changes({ signal }: { readonly signal?: AbortSignal } = {}): StateChanges<S> {
    const { onAbort } = this.#waits;
    return queue<Readonly<S>>(
      { maxItems: 1, signal, onAbort },
      ({ push, end }) => this.#waitFor((state) => push(state), () => end()),
    );
  }

  #waitFor(next: (state: Readonly<S>) => void, end: () => void): () => void {
    const stop = this.watch(next, end);
    this.#count?.("states", this.watchers);
    return stop;
  }
}

function asyncPredicate(answer: PromiseLike<unknown>): TypeError {
  Promise.resolve(answer).then(undefined, ignore);
  return new TypeError("until(): the predicate answered a promise");
}

function defaults<S>(fields: readonly MirroredField[]): Readonly<S> {
  return Object.freeze(
    Object.fromEntries(fields.map(({ name, schema }) => [name, zeroOf(schema)])),
  ) as Readonly<S>;
}
