/**
 * {@linkcode ServerCall}: one call under way.
 *
 * @module
 */
import type { CallContext } from "../service/types.ts";
import { RpcError } from "../wire/errors.ts";
import { type Caller, connectionLost, isCancelled, listen, unlisten } from "./caller.ts";
import type { CallTrace } from "./telemetry.ts";

/**
 * One call, from when its arguments are decoded until it is answered. Its handler is given it, as what has the
 * call's `signal`: one object, since every call has it.
 */
export class ServerCall implements CallContext {
  /** Whose call it is. */
  readonly caller: Caller;
  /** Its id. */
  readonly id: number;
  /** The method's place. */
  readonly method: number;
  /** Who watches it, if anybody does. */
  readonly trace: CallTrace | undefined;
  /** Why nobody waits for it any more. */
  reason: unknown;
  #abort: AbortController | undefined;
  #over = false;

  /** Create for a call that has come. */
  constructor(caller: Caller, id: number, method: number, trace: CallTrace | undefined) {
    this.caller = caller;
    this.id = id;
    this.method = method;
    this.trace = trace;
  }

  /** Aborts when nobody waits for the call any more, if it is under way then. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (!this.#over) this.#begin();
    }
    return this.#abort.signal;
  }

  #begin(): void {
    const { caller, id } = this;
    if (caller.closing) this.cancel(connectionLost());
    else if (isCancelled(caller, id)) this.cancel();
    else listen(caller, this);
  }

  /** Nobody waits for it any more: by default since its peer says so. */
  cancel(
    reason: unknown = new RpcError("Cancelled", "The client does not wait for the call any more"),
  ): void {
    if (this.#over || this.reason !== undefined) return;
    this.reason = reason;
    this.#abort?.abort(reason);
    this.onCancelled(reason);
  }

  /** Nobody waits for it any more. */
  protected onCancelled(_reason: unknown): void {}

  /** Whether its handler has settled. */
  get isOver(): boolean {
    return this.#over;
  }

  /** Whether a handler failed because nobody waits for it: nobody need be told. */
  isReason(error: unknown): boolean {
    const { reason } = this;
    return reason !== undefined &&
      (error === reason || (error instanceof Error && error.cause === reason));
  }

  /** Its handler has settled. */
  end(): void {
    this.#over = true;
    if (this.caller.listening !== undefined) unlisten(this.caller, this);
  }
}
