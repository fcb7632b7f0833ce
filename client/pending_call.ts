/**
 * {@linkcode PendingCall}: a caller's pending call.
 *
 * @module
 */
import type { Writer } from "../codec/writer.ts";
import type { MethodInfo } from "../service/types.ts";
import type { StreamingCall } from "../stream/open_streams.ts";
import { listen, unlisten } from "../wire/signals.ts";
import type { Turn } from "./deadlines.ts";

/** One pending call. It is the listener of its own signal, so that a call costs no closures. */
export class PendingCall {
  /** The called method. */
  readonly method: MethodInfo;
  readonly #turn: Turn;
  /** Its timeout in milliseconds. */
  readonly timeoutMs: number;
  /** Settles the caller's promise. */
  resolve: (value: unknown) => void = ignore;
  /** Settles the caller's promise. */
  reject: (error: unknown) => void = ignore;
  /** Its id, or -1 while it waits for one. */
  id = -1;
  /** The writer of its request, while it waits for an id. */
  request: Writer | undefined;
  /** Its streams, if any. */
  streaming: StreamingCall | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort: (call: PendingCall) => void;

  /** Create without a caller and an id. */
  constructor(
    method: MethodInfo,
    turn: Turn,
    timeoutMs: number,
    signal: AbortSignal | undefined,
    onAbort: (call: PendingCall) => void,
  ) {
    this.method = method;
    this.#turn = turn;
    this.timeoutMs = timeoutMs;
    this.#signal = signal;
    this.#onAbort = onAbort;
  }

  /** Its deadline, by the client's clock. */
  get deadline(): number {
    return this.#turn.endedAt + this.timeoutMs;
  }

  /** Return the caller's promise and listen to the signal. Called once. */
  wait(): Promise<unknown> {
    const promise = new Promise<unknown>(stash);
    this.resolve = stashedResolve;
    this.reject = stashedReject;
    if (this.#signal !== undefined) listen(this.#signal, this);
    return promise;
  }

  /** Stop listening to the signal: the call has settled or is about to. */
  release(): void {
    if (this.#signal !== undefined) unlisten(this.#signal, this);
  }

  /** The signal's reason. */
  get reason(): unknown {
    return this.#signal?.reason;
  }

  /** The signal aborted. */
  handleEvent(): void {
    this.#onAbort(this);
  }
}

function ignore(): void {}

let stashedResolve: (value: unknown) => void = ignore;
let stashedReject: (error: unknown) => void = ignore;

/** One executor for all promises, instead of a closure per promise. */
function stash(resolve: (value: unknown) => void, reject: (error: unknown) => void): void {
  stashedResolve = resolve;
  stashedReject = reject;
}
