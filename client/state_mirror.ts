/**
 * {@linkcode StateMirror}: the client's copy of the connection state.
 *
 * @module
 */
import { zeroOf } from "../codec/default.ts";
import type { Schema } from "../codec/schema.ts";
import { RpcError, type RpcErrorCode } from "../wire/errors.ts";
import type { Clock } from "../wire/clock.ts";
import { ignore, isThenable } from "../wire/listener.ts";
import { BoundedIterator } from "./bounded_iterator.ts";
import { BoundedQueue, MANY_ITERATORS, type Result, tooMany } from "./bounded_queue.ts";
import { Cleanup, onAbort } from "./cleanup.ts";
import { Observable } from "./observable.ts";

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
  return(): Promise<Result<Readonly<S>>>;
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
  readonly #clock: Clock;
  readonly #tell: (error: Error) => void;
  #toldMany = false;
  #draft: Record<string, unknown> | undefined;

  /**
   * Create at the fields' defaults.
   *
   * @param fields In the service's order.
   * @param clock For deadlines.
   * @param onBug Told what listeners throw.
   * @param tell Told if very many wait.
   */
  constructor(
    fields: readonly MirroredField[],
    clock: Clock,
    onBug: (error: unknown) => void,
    tell: (error: Error) => void,
  ) {
    super(defaults(fields), onBug);
    this.#tell = tell;
    this.fields = fields;
    this.#clock = clock;
  }

  /** Change a field in the next state. */
  stage({ name }: MirroredField, value: unknown): void {
    this.#draft ??= { ...this.current };
    this.#draft[name] = value;
  }

  /** Make the next state the current one. */
  commit(): void {
    const draft = this.#draft;
    this.#draft = undefined;
    if (draft !== undefined) this.set(Object.freeze(draft) as Readonly<S>);
  }

  /** Forget the next state. */
  discard(): void {
    this.#draft = undefined;
  }

  /** Back to the defaults, for a new connection. */
  reset(): void {
    this.#draft = undefined;
    this.set(defaults(this.fields));
  }

  until(
    predicate: (state: Readonly<S>) => boolean,
    { signal, timeoutMs = Infinity }: UntilOptions = {},
  ): Promise<Readonly<S>> {
    return new Promise((resolve, reject) => {
      const cleanup = new Cleanup();
      const check = (state: Readonly<S>): void => {
        try {
          const answer: unknown = predicate(state);
          if (isThenable(answer)) throw asyncPredicate(answer);
          if (!answer) return;
          resolve(state);
        } catch (error) {
          reject(error);
        }
        cleanup.run();
      };
      const fail = (code: RpcErrorCode, why: string, cause?: unknown): void => {
        cleanup.run();
        reject(new RpcError(code, `Stopped waiting for a state: ${why}`, { cause }));
      };
      check(this.current);
      cleanup.add(this.#waitFor(check, () => fail("ClientNotConnected", "the client is closed")));
      cleanup.add(
        onAbort(signal, () => fail("Cancelled", "the signal aborted", signal?.reason)),
      );
      if (timeoutMs === Infinity) return;
      const timer = this.#clock.after(
        timeoutMs,
        () => fail("DeadlineExceeded", `it did not come within ${timeoutMs} ms`),
      );
      cleanup.add(() => this.#clock.clear(timer));
    });
  }

  changes({ signal }: { readonly signal?: AbortSignal } = {}): StateChanges<S> {
    const queue = new BoundedQueue<Readonly<S>>({
      maxItems: 1,
      maxBytes: Infinity,
      overflow: "drop-oldest",
      signal,
    });
    queue.onEnd(this.#waitFor((state) => queue.push(state), () => queue.end()));
    return new BoundedIterator(queue);
  }

  #waitFor(next: (state: Readonly<S>) => void, end: () => void): () => void {
    const stop = this.watch(next, end);
    if (this.watchers === MANY_ITERATORS && !this.#toldMany) {
      this.#toldMany = true;
      this.#tell(tooMany("states"));
    }
    return stop;
  }
}

function asyncPredicate(answer: PromiseLike<unknown>): TypeError {
  Promise.resolve(answer).then(undefined, ignore);
  return new TypeError("Cannot wait for a state: the predicate answered a promise");
}

function defaults<S>(fields: readonly MirroredField[]): Readonly<S> {
  return Object.freeze(
    Object.fromEntries(fields.map(({ name, schema }) => [name, zeroOf(schema)])),
  ) as Readonly<S>;
}
