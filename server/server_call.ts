/**
 * {@linkcode ServerCall}: one call in flight.
 *
 * @module
 */
import type { CallContext } from "../service/types.ts";
import { RpcError } from "../wire/errors.ts";
import type { Excess } from "../wire/sending.ts";
import type { Caller } from "./caller.ts";
import { connectionLost, type ListeningCall } from "./open_calls.ts";
import type { CallTrace } from "./telemetry.ts";

/** Answers calls. The last argument tells whether nobody waits for the answer. */
export interface Answers {
  /** The handler has returned its output, or all its items were sent. */
  onOutput(call: ServerCall, output: unknown, isForNobody: boolean): void;
  /** The handler, or the source of its items, has thrown. */
  onThrown(call: ServerCall, error: unknown, isForNobody: boolean): void;
  /** An item of a stream could not be sent: it is invalid, or over the client's limits. */
  onUnsent(call: ServerCall, error: unknown, excess?: Excess): void;
}

/**
 * One call, from decoding its arguments to its answer. It is also the handler's call context with `signal`: one
 * object, because every call needs it.
 */
export class ServerCall implements CallContext, ListeningCall {
  /** The connection. */
  readonly caller: Caller;
  /** Its id. */
  readonly id: number;
  /** The method's index. */
  readonly method: number;
  /** Its telemetry, if observed. */
  readonly trace: CallTrace | undefined;
  /** The reason of its cancellation. */
  reason: unknown;
  #abort: AbortController | undefined;
  /** Whether its handler has settled. */
  isOver = false;

  /** Create for a received call. */
  constructor(caller: Caller, id: number, method: number, trace: CallTrace | undefined) {
    this.caller = caller;
    this.id = id;
    this.method = method;
    this.trace = trace;
  }

  /** Aborts when the call is cancelled while in flight. */
  get signal(): AbortSignal {
    if (this.#abort !== undefined) return this.#abort.signal;
    this.#abort = new AbortController();
    const { caller, id } = this;
    if (!this.isOver) {
      if (caller.closing) this.cancel(connectionLost());
      else if (caller.calls?.isCancelled(id)) this.cancel();
      else caller.calls?.listen(this);
    }
    return this.#abort.signal;
  }

  cancel(
    reason: unknown = new RpcError("Cancelled", "The client does not wait for the call any more"),
  ): void {
    if (this.isOver || this.reason !== undefined) return;
    this.reason = reason;
    this.#abort?.abort(reason);
    this.onCancelled(reason);
  }

  /**
   * Begin to stream the handler's output, if the method streams it. Returns true if the call goes on.
   *
   * @throws {TypeError} If the output must be streamed and is not a stream source.
   */
  stream(_output: unknown): boolean {
    return false;
  }

  /** It was cancelled. */
  protected onCancelled(_reason: unknown): void {}

  /** Whether an error is only the call's cancellation and need not be reported. */
  isReason(error: unknown): boolean {
    const reason = this.reason ?? this.caller.lost;
    return reason !== undefined &&
      (error === reason || (error instanceof Error && error.cause === reason));
  }

  /** Its handler has settled. */
  end(): void {
    this.isOver = true;
    this.caller.calls?.unlisten(this);
  }
}
