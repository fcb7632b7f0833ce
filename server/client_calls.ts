/**
 * {@linkcode ClientCalls}: calls from the server to one of its clients.
 *
 * @module
 */
import { readArchive } from "../codec/archive.ts";
import type { CallOptions, MethodInfo } from "../service/types.ts";
import { timersOf } from "../wire/clock.ts";
import {
  isRpcError,
  RpcError,
  type RpcErrorCode,
  type RpcHandlerErrorCode,
} from "../wire/errors.ts";
import { protocolError } from "../wire/faults.ts";
import { CLIENT_FAILED, CLIENT_REPLY } from "../wire/layout.ts";
import type { ClientMessage } from "../wire/client_message_reader.ts";
import { writeServerCall, writeServerCancel } from "../wire/server_extension.ts";
import { CALL_OPTION_KINDS, checkNoArgs, checkOptionKinds } from "../wire/option_kinds.ts";
import { MAX_CALLS_IN_FLIGHT } from "../wire/page_limits.ts";
import { onAbort } from "../wire/signals.ts";
import { interruptible, type Waits } from "../wire/waiting.ts";
import type { Caller } from "./caller.ts";
import { excessOf } from "./too_big.ts";

/** As a client words it. */
const ABORTED = "the signal aborted";

/** Calls a method of the client. */
type ClientCall = (args?: unknown, options?: CallOptions) => Promise<unknown>;

/** Those of a service. */
export type ClientFunctions = Readonly<Record<string, ClientCall>>;

/** A call that waits for its answer. */
interface Waiting {
  readonly method: MethodInfo;
  readonly resolve: (output: unknown) => void;
  readonly reject: (error: RpcError) => void;
}

/** The code of an error, why, and its cause. */
type Failure = readonly [code: RpcErrorCode, why: string, cause?: unknown];

function failure({ name }: MethodInfo, code: RpcErrorCode, why: string, cause?: unknown): RpcError {
  return new RpcError(code, `Cannot call ${name} of the client: ${why}`, { cause });
}

/** The calls in flight to one client. Created when a handler first reads `client`. */
export class ClientCalls {
  /** The reason with which calls fail because the connection has ended; absent before. */
  lost: unknown;
  /** The functions that the handler gets. */
  readonly functions: ClientFunctions;
  readonly #caller: Caller;
  readonly #waits: Waits;
  /** The waiting call by id, or `undefined` if it was abandoned. An id is taken until its answer arrives. */
  readonly #taken = new Map<number, Waiting | undefined>();
  #lastId = -1;

  /** Create for one connection. */
  constructor(caller: Caller) {
    this.#caller = caller;
    const functions: Record<string, ClientCall> = {};
    const { clock, service, telemetry } = caller.host;
    this.#waits = { ...timersOf(clock), onAbort };
    for (const method of service.clientMethods) {
      const { name } = method;
      functions[name] = (args = {}, given = {}) => {
        const end = telemetry?.clientCall(caller.id, name);
        const answer = this.#call(method, args, given);
        if (end !== undefined) answer.then(() => end(undefined), (error) => end(error.code));
        return answer;
      };
    }
    this.functions = Object.freeze(functions);
  }

  /** Calls in flight. */
  get size(): number {
    return this.#taken.size;
  }

  async #call(method: MethodInfo, args: unknown, options: CallOptions): Promise<unknown> {
    checkOptionKinds("a call", options, CALL_OPTION_KINDS);
    checkNoArgs(method, args);
    const { signal, timeoutMs = this.#caller.host.limits.callTimeoutMs } = options;
    if (!(timeoutMs > 0)) {
      throw new RangeError(
        `Cannot call ${method.name} of the client: timeoutMs is ${timeoutMs}, expected more than 0`,
      );
    }
    const refusal = this.#refusal(signal);
    if (refusal !== undefined) throw failure(method, ...refusal);
    return await interruptible(
      this.#waits,
      (resolve, reject) => this.#begin(method, args, resolve, reject),
      (code) =>
        code === "Cancelled"
          ? failure(method, code, ABORTED, signal?.reason)
          : failure(method, code, `no answer came within ${timeoutMs} ms`),
      signal,
      timeoutMs,
    );
  }

  /** Send a call. Returns what gives it up, unless it has settled. */
  #begin(
    method: MethodInfo,
    args: unknown,
    resolve: Waiting["resolve"],
    reject: Waiting["reject"],
  ): () => void {
    const id = this.#freeId();
    const waiting = { method, resolve, reject };
    this.#taken.set(id, waiting);
    try {
      this.#send(id, method, args);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const failed = isRpcError(error) ? error : failure(method, "ServerEncodeError", why, error);
      this.#settle(id)?.reject(failed);
    }
    return () => {
      if (this.#taken.get(id) === waiting) this.#abandon(id);
    };
  }

  /** Why a call cannot be sent, if it cannot. */
  #refusal(signal: AbortSignal | undefined): Failure | undefined {
    const { sender, closing, host: { limits: { maxBufferedBytes } } } = this.#caller;
    if (closing) return ["ClientNotConnected", "its connection has ended"];
    if (!sender.options.extension) {
      return ["StreamsUnsupported", "the client (Rust, or an older release) cannot be called"];
    }
    if (signal?.aborted) return ["Cancelled", ABORTED, signal.reason];
    if (this.#taken.size >= MAX_CALLS_IN_FLIGHT) {
      return ["TooManyCallsInFlight", `${MAX_CALLS_IN_FLIGHT} are in flight`];
    }
    return sender.bufferedBytes > maxBufferedBytes
      ? ["TooManyCallsInFlight", `more than ${maxBufferedBytes} bytes wait to be sent`]
      : undefined;
  }

  /** The next free id, in turn, so that each id stays free for as long as possible before it is reused. */
  #freeId(): number {
    for (let left = MAX_CALLS_IN_FLIGHT; left > 0; left--) {
      this.#lastId = (this.#lastId + 1) % MAX_CALLS_IN_FLIGHT;
      if (!this.#taken.has(this.#lastId)) return this.#lastId;
    }
    throw new RangeError("Cannot call the client: no id is free");
  }

  #send(id: number, method: MethodInfo, args: unknown): void {
    const caller = this.#caller;
    // As before an answer: the call may refer to state that the client shows.
    caller.flush();
    const { sender } = caller;
    const writer = sender.begin();
    try {
      writeServerCall(this.#caller.host.codec, writer, id, method.call, args);
    } catch (error) {
      sender.abandon(writer);
      throw error;
    }
    const isSent = caller.send(writer, (excess) => {
      const why = `its arguments are too big: ${excessOf(excess, sender.options)}`;
      this.#settle(id)?.reject(failure(method, "ServerEncodeError", why));
    });
    if (!isSent) return;
    caller.host.counters.clientCalls++;
    caller.onSent();
  }

  /** Stop waiting for the answer. The id stays taken until it arrives. */
  #abandon(id: number): void {
    this.#taken.set(id, undefined);
    const { sender, closing } = this.#caller;
    if (closing) return;
    const writer = sender.begin();
    writeServerCancel(writer, id);
    sender.commit(writer);
  }

  /** Free an id. Returns the call that waited for its answer. */
  #settle(id: number): Waiting | undefined {
    const waiting = this.#taken.get(id);
    this.#taken.delete(id);
    return waiting;
  }

  /**
   * Handle a message, if it answers a call. Returns false if it is of another kind.
   *
   * @throws {ProtocolError} `BadReply` if the answer is not a valid output of the method, unless it is over a limit.
   */
  receive({ kind, id, start, end, code }: ClientMessage): boolean {
    if (kind === CLIENT_REPLY) this.#onReply(id, start, end);
    else if (kind === CLIENT_FAILED) this.#onFailed(id, code);
    else return false;
    return true;
  }

  #onReply(id: number, start: number, end: number): void {
    const waiting = this.#settle(id);
    if (waiting === undefined) return;
    const { method, resolve, reject } = waiting;
    const { codec, reader } = this.#caller.host;
    let output: unknown;
    try {
      output = readArchive(codec, method.output, reader, start, end);
    } catch (cause) {
      const error = protocolError("BadReply", `the client's answer to ${method.name}`, cause);
      reject(new RpcError("ServerDecodeError", error.message, { cause }));
      // Over a limit of ours, of which the client need not know: other calls go on.
      if (reader.memory >= 0 && reader.depth >= 0) throw error;
    }
    resolve(output);
  }

  #onFailed(id: number, code: RpcHandlerErrorCode): void {
    const waiting = this.#settle(id);
    waiting?.reject(failure(waiting.method, code, `the client answered ${code}`));
  }

  /** The connection has ended, for this reason. */
  end(reason: unknown): void {
    this.lost = reason;
    for (const id of [...this.#taken.keys()]) {
      const waiting = this.#settle(id);
      waiting?.reject(
        failure(waiting.method, "ConnectionLost", "the connection has ended", reason),
      );
    }
  }
}
