/**
 * {@linkcode mirrorState}: the client's copy of the connection state.
 *
 * @module
 */
import { zeroOf } from "../codec/zero.ts";
import type { StateField } from "../service/types.ts";
import { RpcError, type RpcErrorCode } from "../wire/errors.ts";
import { type Observable, observable } from "./observable.ts";
import { queue } from "../stream/queue.ts";
import { interruptible, type Waits } from "../wire/waiting.ts";

/** Options for waiting for a state. */
export interface UntilOptions {
  /** Cancels the wait when it aborts: `Cancelled`. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds after which the wait fails: `DeadlineExceeded`. Default: never. */
  readonly timeoutMs?: number | undefined;
}

/** The later states, until `return()`, a signal or the client's end. */
export interface StateChanges<S>
  extends AsyncIterableIterator<Readonly<S>, undefined>, AsyncDisposable {
  /** Stop. */
  return(): Promise<IteratorResult<Readonly<S>, undefined>>;
}

/**
 * The connection state as last sent by the server.
 *
 * Every new connection starts with each field's default: the server sends only differences.
 *
 * @typeParam S The fields.
 */
export interface ClientState<S> {
  /** A frozen snapshot: a new object after every change. */
  readonly current: Readonly<S>;
  /**
   * Wait for a state.
   *
   * @param predicate Called at once with the current state, then with each later one.
   * @returns The first state for which the predicate is true.
   * @throws {RpcError} `Cancelled`, `DeadlineExceeded`, or `ClientNotConnected` once the client is closed.
   */
  until(predicate: (state: Readonly<S>) => boolean, options?: UntilOptions): Promise<Readonly<S>>;
  /**
   * The later states. A slow reader gets only the newest. Leave the loop or call `return()` to end it.
   */
  changes(options?: { readonly signal?: AbortSignal }): StateChanges<S>;
  /**
   * Call a function after each change. Needs no `this`, as React's `useSyncExternalStore` requires.
   *
   * @returns A function that unsubscribes.
   */
  readonly subscribe: (listener: (state: Readonly<S>) => void) => () => void;
}

/** {@linkcode ClientState} with its writing side: what it observes. */
export interface StateMirror<S> extends ClientState<S>, Observable<Readonly<S>> {
  /** In the service's order. */
  readonly fields: readonly StateField[];
  /** Reset to the defaults, for a new connection. */
  reset(): void;
}

/**
 * Create at the fields' defaults.
 *
 * @param fields In the service's order.
 * @param waits For deadlines and signals.
 * @param onBug Receives errors of listeners.
 */
export function mirrorState<S>(
  fields: readonly StateField[],
  waits: Waits,
  onBug: (error: unknown) => void,
): StateMirror<S> {
  const defaults = (): Readonly<S> =>
    Object.freeze(
      Object.fromEntries(fields.map(([name, schema]) => [name, zeroOf(schema)])),
    ) as Readonly<S>;
  const state = observable(defaults(), onBug);

  return Object.assign(state, {
    fields,
    reset: () => state.set(defaults()),
    subscribe: state.watch,
    until: (predicate, { signal, timeoutMs } = {}) => {
      const error = (code: RpcErrorCode, why: string = code): RpcError =>
        new RpcError(code, `until(): ${why}`, { cause: signal?.reason });
      return interruptible(
        waits,
        (resolve, reject) => {
          const check = (now: Readonly<S>): void => {
            try {
              if (predicate(now)) resolve(now);
            } catch (cause) {
              reject(cause);
            }
          };
          check(state.current);
          return state.watch(check, () => reject(error("ClientNotConnected")));
        },
        error,
        signal,
        timeoutMs,
      );
    },
    changes: ({ signal } = {}) =>
      queue<Readonly<S>>({ maxItems: 1, signal, onAbort: waits.onAbort }, state.watch),
  } as Omit<StateMirror<S>, keyof Observable<S>>);
}
