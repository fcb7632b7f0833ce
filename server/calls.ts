/**
 * {@linkcode ServerCalls}: the calls of one connection, from their first byte to their answer.
 *
 * @module
 */
import type { Reader } from "../codec/reader.ts";
import { RPC_HANDLER_ERRORS, RpcError, type RpcHandlerErrorCode } from "../wire/errors.ts";
import { type ClientMessage, writeErrorResponse } from "../wire/messages.ts";
import type { Sender } from "../wire/sender.ts";
import type { Dispatcher } from "./dispatcher.ts";
import type { ServerCounters } from "./stats.ts";
import type { CallTrace, ServerTelemetry } from "./telemetry.ts";
import type { TokenBucket } from "./token_bucket.ts";

/** What {@linkcode ServerCalls} needs. */
export interface ServerCallsOptions {
  /** Where answers go. */
  readonly sender: Sender;
  /** What holds the message that came last. */
  readonly reader: Reader;
  /** The number of the connection. */
  readonly connection: number;
  /** Counts. */
  readonly counters: ServerCounters;
  /** Who watches, if anybody does. */
  readonly telemetry: ServerTelemetry | undefined;
  /** How often the peer may call, if that is limited. */
  readonly rate: TokenBucket | undefined;
  /** Send what has changed in the state. Throws `CodecError`. */
  flush(): void;
  /** An answer was sent, and its call is over. */
  onAnswered(): void;
  /** A handler failed, or what it answered cannot be sent. */
  onError(error: unknown, method: string): void;
}

const MAX_CALLS_IN_FLIGHT = 256;
/** Tables of ids that connections without a call under way have given back: all zeros. */
const spareTables: Uint8Array[] = [];
const MAX_SPARE_TABLES = 64;
const WIRE_CODES: ReadonlySet<string> = new Set(RPC_HANDLER_ERRORS);

/** Runs calls and answers them; knows which ids are taken. */
export class ServerCalls {
  readonly #options: ServerCallsOptions;
  readonly #sender: Sender;
  readonly #counters: ServerCounters;
  /** Which ids are taken; none while no call is under way. */
  #taken: Uint8Array | undefined;
  #dispatcher: Dispatcher | undefined;
  #closed = false;
  /** Calls under way. */
  inFlight = 0;

  /** Create for one connection. */
  constructor(options: ServerCallsOptions) {
    this.#options = options;
    this.#sender = options.sender;
    this.#counters = options.counters;
  }

  /** Who runs the calls. */
  start(dispatcher: Dispatcher): void {
    this.#dispatcher = dispatcher;
  }

  /** The connection is ending: answers are for nobody. */
  close(): void {
    this.#closed = true;
    this.#taken = undefined;
    this.inFlight = 0;
  }

  /** Take an id, unless it is taken. */
  #take(id: number): boolean {
    const taken = this.#taken ??= spareTables.pop() ?? new Uint8Array(MAX_CALLS_IN_FLIGHT);
    if (taken[id] !== 0) return false;
    taken[id] = 1;
    this.inFlight++;
    return true;
  }

  #free(id: number): void {
    const taken = this.#taken;
    if (taken === undefined) return;
    taken[id] = 0;
    if (--this.inFlight > 0) return;
    this.#taken = undefined;
    if (spareTables.length < MAX_SPARE_TABLES) spareTables.push(taken);
  }

  /** A call came. */
  receive({ id, start, end }: ClientMessage): void {
    const dispatcher = this.#dispatcher;
    // Rust ignores a second call with an id that is taken, and answers the first.
    if (dispatcher === undefined || !this.#take(id)) return;
    this.#counters.callsReceived++;
    const { rate } = this.#options;
    if (rate !== undefined && !rate.take()) {
      this.#counters.callsLimited++;
      return this.#fail(id, "TooManyCallsInFlight", undefined);
    }
    this.#run(dispatcher, id, start, end);
  }

  #run(dispatcher: Dispatcher, id: number, start: number, end: number): void {
    let args: unknown;
    try {
      args = dispatcher.decode(this.#options.reader, start, end);
    } catch {
      this.#fail(id, "ServerDecodeError", undefined);
      return;
    }
    const { method } = dispatcher;
    const { telemetry, connection } = this.#options;
    const trace = telemetry?.call(connection, dispatcher.nameOf(method));
    let output: unknown;
    try {
      output = trace === undefined
        ? dispatcher.call(method, args)
        : trace.run(() => dispatcher.call(method, args));
      if (isThenable(output)) output = Promise.resolve(output);
    } catch (error) {
      this.#onThrown(id, method, error, trace);
      return;
    }
    if (output instanceof Promise) {
      output.then(
        (value) => this.#onOutput(id, method, value, trace),
        (error) => this.#onThrown(id, method, error, trace),
      );
    } else {
      this.#onOutput(id, method, output, trace);
    }
  }

  #onOutput(id: number, method: number, output: unknown, trace: CallTrace | undefined): void {
    if (this.#closed) return trace?.end("ClientNotConnected");
    const dispatcher = this.#dispatcher!;
    try {
      this.#options.flush();
    } catch (error) {
      this.#options.onError(error, dispatcher.nameOf(method));
      this.#fail(id, "HandlerPanicked", trace);
      return;
    }
    const writer = this.#sender.begin();
    try {
      dispatcher.respond(writer, id, method, output);
    } catch (error) {
      this.#sender.abandon(writer);
      this.#options.onError(error, dispatcher.nameOf(method));
      this.#fail(id, "ServerEncodeError", trace);
      return;
    }
    let fits = true;
    let late = false;
    this.#sender.commit(writer, () => {
      fits = false;
      if (late) {
        // Known only now that it has been deflated: the call is not over.
        this.#take(id);
      }
      this.#onTooBig(id, method, late ? undefined : trace);
    });
    if (!fits) return;
    late = true;
    this.#free(id);
    trace?.end(undefined);
    this.#options.onAnswered();
  }

  #onTooBig(id: number, method: number, trace: CallTrace | undefined): void {
    const where = this.#dispatcher!.nameOf(method);
    this.#options.onError(
      new RangeError(`The answer of ${where} is larger than its client takes: see maxMessageBytes`),
      where,
    );
    this.#fail(id, "ServerEncodeError", trace);
  }

  #onThrown(id: number, method: number, error: unknown, trace: CallTrace | undefined): void {
    const where = this.#dispatcher!.nameOf(method);
    const code = error instanceof RpcError && WIRE_CODES.has(error.code)
      ? error.code as RpcHandlerErrorCode
      : undefined;
    // What a handler throws is told also when nobody waits for its answer any more.
    if (code === undefined) this.#options.onError(error, where);
    if (this.#closed) return trace?.end(code ?? "HandlerPanicked");
    try {
      this.#options.flush();
    } catch (stateError) {
      this.#options.onError(stateError, where);
    }
    this.#fail(id, code ?? "HandlerPanicked", trace);
  }

  #fail(id: number, code: RpcHandlerErrorCode, trace: CallTrace | undefined): void {
    this.#counters.callsFailed++;
    trace?.end(code);
    if (this.#closed) return;
    const writer = this.#sender.begin();
    writeErrorResponse(writer, id, code);
    this.#free(id);
    this.#sender.commit(writer);
    this.#options.onAnswered();
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null && "then" in value &&
    typeof value.then === "function";
}
