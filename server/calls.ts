/**
 * {@linkcode CallRunner}: runs calls, from their first byte to their answer.
 *
 * @module
 */
import { grant, type Reader } from "../codec/reader.ts";
import { isRpcError, RPC_HANDLER_ERRORS, type RpcHandlerErrorCode } from "../wire/errors.ts";
import { protocolError } from "../wire/faults.ts";
import { checkRaw } from "../stream/raw.ts";
import { isThenable } from "../wire/listener.ts";
import { CLIENT_CANCEL, CLIENT_END, CLIENT_GRANT, CLIENT_ITEM } from "../wire/layout.ts";
import type { ClientMessage } from "../wire/client_message_reader.ts";
import { writeErrorResponse } from "../wire/server_message_writer.ts";
import { shortenAnswer } from "../wire/short_message.ts";
import { type Excess, surelyTakes } from "../wire/sending.ts";
import { CallGuards, MIN_HELD_BYTES } from "./call_guard.ts";
import type { Caller } from "./caller.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { type Answers, ServerCall } from "./server_call.ts";
import type { CallsHost } from "./server_parts.ts";
import { StreamingCall } from "./streaming_call.ts";
import type { ServerCounters } from "./stats.ts";
import type { CallTrace } from "./telemetry.ts";
import { tooBig } from "./too_big.ts";

type Trace = CallTrace | undefined;

const WIRE_CODES: ReadonlySet<string> = new Set(RPC_HANDLER_ERRORS);

/** Runs the calls of all connections and answers them. */
export class CallRunner implements Answers {
  readonly #reader: Reader;
  readonly #dispatcher: Dispatcher;
  readonly #counters: ServerCounters;
  /** What all connections share. */
  readonly host: CallsHost;
  /** The memory of arguments and items. */
  readonly guards: CallGuards;

  /** Create for one server. */
  constructor(host: CallsHost) {
    this.#reader = host.reader;
    this.#dispatcher = host.dispatcher;
    this.#counters = host.counters;
    this.host = host;
    this.guards = new CallGuards(host.limits, host.clock, host.callRate);
  }

  /** Estimated bytes of memory held by handlers, including those of ended connections. */
  get heldBytes(): number {
    return this.guards.bytes;
  }

  /** Handle a call. */
  receive(caller: Caller, call: ClientMessage): void {
    const { id, start, end } = call;
    // Rust ignores a second call with an id in use, and answers the first.
    if (!caller.take(id)) return;
    this.#counters.callsReceived++;
    const guard = this.guards.forAll ? caller.guarded() : caller.guard;
    const room = this.guards.roomFor(guard, end - start);
    if (room < 0) return this.#limit(caller, id);
    const dispatcher = this.#dispatcher;
    const reader = this.#reader;
    // Don't create what would be dropped at once.
    const isNarrow = room < reader.limits.maxDecodedBytes;
    if (isNarrow) grant(reader, room);
    let args: unknown;
    try {
      args = dispatcher.decode(reader, start, end);
    } catch (error) {
      return this.#onUndecoded(caller, call, error);
    }
    const { spent } = reader;
    const bytes = end - start + spent;
    if (isNarrow) grant(reader);
    if (bytes >= MIN_HELD_BYTES) {
      this.host.loop?.onDecoded(spent);
      if (!caller.guarded().hold(id, bytes)) return this.#limit(caller, id);
    }
    const { method } = dispatcher;
    const trace = this.host.telemetry?.call(caller.id, dispatcher.nameOf(method));
    const info = dispatcher.streaming(method);
    if (info !== undefined && !caller.sender.options.extension) {
      // Such a client can neither receive nor send items.
      caller.letGo(id);
      return this.#fail(caller, id, "ServerDecodeError", trace);
    }
    const begun = info === undefined
      ? new ServerCall(caller, id, method, trace)
      : new StreamingCall(this, caller, id, info, trace, args as Record<string, unknown>);
    let output: unknown;
    try {
      output = this.#run(begun, args);
      if (isThenable(output)) return this.#await(begun, output);
    } catch (error) {
      return this.onThrown(begun, error, caller.closing);
    }
    this.#onValue(begun, output, caller.closing);
  }

  #run(call: ServerCall, args: unknown): unknown {
    const { caller: { target }, method, trace } = call;
    const dispatcher = this.#dispatcher;
    return trace === undefined
      ? dispatcher.call(target, method, args, call)
      : trace.run(() => dispatcher.call(target, method, args, call));
  }

  /**
   * Handle a message other than a call. Messages about finished or unknown calls are ignored: they may have been
   * in flight when the call ended.
   *
   * @throws {ProtocolError} If it exceeds its credit.
   */
  receiveMore(
    { calls }: Caller,
    { kind, id, start, end, bytes, more, failed }: ClientMessage,
  ): void {
    if (kind === CLIENT_CANCEL) {
      if (calls?.cancel(id)) this.#counters.callsCancelled++;
    } else {
      const call = calls?.get(id);
      if (!(call instanceof StreamingCall)) return;
      if (kind === CLIENT_ITEM) call.push(this.#reader.bytes, start, end, false);
      else if (kind === CLIENT_END) call.endInput(failed);
      else if (kind === CLIENT_GRANT) call.grantOutput(bytes, more);
    }
  }

  /** An item came raw: all of a message, of which the number of bytes is returned. */
  receiveRaw(caller: Caller, id: number, message: Uint8Array): number {
    // Its memory may be taken.
    const { length } = message;
    this.#counters.bytesReceived += length;
    try {
      checkRaw(message, this.host.limits);
      const call = caller.calls?.get(id);
      if (call instanceof StreamingCall) call.push(message, 0, length, true);
    } catch (error) {
      caller.onProtocolError(protocolError("BadMessage", "an item", error));
    }
    return length;
  }

  #onUndecoded(caller: Caller, { id, start, end }: ClientMessage, error: unknown): void {
    const dispatcher = this.#dispatcher;
    const reader = this.#reader;
    const guard = caller.guarded();
    this.host.loop?.onDecoded(reader.spent);
    const isOverRoom = reader.memory < 0 && reader.budget < reader.limits.maxDecodedBytes;
    grant(reader);
    if (isOverRoom) {
      // A lack of memory caused by other connections' calls is not this connection's fault.
      if (guard.room <= this.guards.room) guard.onVain();
      return this.#limit(caller, id);
    }
    guard.onVain();
    const { method } = dispatcher;
    const name = method === -1 ? undefined : dispatcher.nameOf(method);
    const where = name ?? "call";
    const explain = (): unknown => dispatcher.explain(reader, start, end, error);
    this.host.reports.wrong(`undecoded ${where}`, explain, caller.at(where, name));
    this.#fail(caller, id, "ServerDecodeError", undefined);
  }

  /** Report a failed call, throttled: a client can cause this at any rate. */
  #tell(caller: Caller, method: number, error: unknown): void {
    const name = this.#dispatcher.nameOf(method);
    this.host.reports.failed(error, caller.at(name, name), caller.guarded().mayTell(method));
  }

  /** Report what is larger than its client accepts. */
  #tellTooBig({ caller, method }: ServerCall, what: string, excess: Excess): void {
    const name = this.#dispatcher.nameOf(method);
    const error = (): Error => tooBig(`${what} ${name}`, excess, caller.sender.options);
    this.host.reports.wrong(`too big ${name}`, error, caller.at(name, name));
  }

  /** The caller exceeds a limit. */
  #limit(caller: Caller, id: number): void {
    this.#counters.callsLimited++;
    this.#fail(caller, id, "TooManyCallsInFlight", undefined);
  }

  #await(call: ServerCall, output: PromiseLike<unknown>): void {
    Promise.resolve(output).then(
      (value) => this.#onValue(call, value, call.caller.mute),
      (error) => this.onThrown(call, error, call.caller.mute),
    );
  }

  /** The handler returned the source of its items, or its answer. */
  #onValue(call: ServerCall, value: unknown, isForNobody: boolean): void {
    try {
      if (call.stream(value)) return;
    } catch (error) {
      return this.onThrown(call, error, isForNobody);
    }
    this.onOutput(call, value, isForNobody);
  }

  onOutput(call: ServerCall, output: unknown, isForNobody: boolean): void {
    const { caller, id, method, trace } = call;
    this.#onReturned(call);
    if (isForNobody) return trace?.end("ClientNotConnected");
    const dispatcher = this.#dispatcher;
    try {
      caller.flush();
    } catch (error) {
      this.#tell(caller, method, error);
      return this.#fail(caller, id, "HandlerPanicked", trace);
    }
    // The change may be larger than the peer accepts, which ends the connection.
    if (caller.mute) return trace?.end("ClientNotConnected");
    const { sender } = caller;
    const writer = sender.begin();
    try {
      dispatcher.respond(writer, id, method, output);
    } catch (error) {
      sender.abandon(writer);
      this.#tell(caller, method, error);
      return this.#fail(caller, id, "ServerEncodeError", trace);
    }
    if (!caller.admits(writer.position)) {
      sender.abandon(writer);
      return trace?.end("ClientNotConnected");
    }
    if (sender.options.extension) shortenAnswer(writer);
    const { position } = writer;
    if (position >= MIN_HELD_BYTES) this.host.loop?.onEncoded(position);
    if (surelyTakes(sender.options, position)) {
      sender.commit(writer);
      this.#onSettled(call, true, undefined);
      // The call is not over, and its id in use, until the answer is sent or dropped.
    } else sender.commit(writer, (taken, excess) => this.#onSettled(call, taken, excess));
  }

  /** A handler has settled, possibly after its connection has ended. */
  #onReturned(call: ServerCall): void {
    call.caller.letGo(call.id);
    call.end();
  }

  #onSettled(call: ServerCall, taken: boolean, excess: Excess | undefined): void {
    const { caller, id, trace } = call;
    if (taken && !caller.mute) {
      caller.free(id);
      trace?.end(undefined);
      caller.onAnswered();
    } else if (caller.mute || excess === undefined) trace?.end("ClientNotConnected");
    else {
      this.#tellTooBig(call, "The answer of", excess);
      this.#fail(caller, id, "ServerEncodeError", trace);
    }
  }

  onUnsent(call: ServerCall, error: unknown, excess?: Excess): void {
    const { caller, id, method, trace } = call;
    this.#onReturned(call);
    if (excess === undefined) this.#tell(caller, method, error);
    else this.#tellTooBig(call, "An item of", excess);
    this.#fail(caller, id, "ServerEncodeError", trace);
  }

  onThrown(call: ServerCall, error: unknown, isForNobody: boolean): void {
    const { caller, id, method, trace } = call;
    this.#onReturned(call);
    const code = isRpcError(error) && WIRE_CODES.has(error.code)
      ? error.code as RpcHandlerErrorCode
      : undefined;
    // Errors of cancelled handlers are reported too, except the cancellation itself.
    const isAborted = call.isReason(error);
    if (code === undefined && !isAborted) this.#tell(caller, method, error);
    // A handler that failed because of the connection's end doesn't count.
    if (isForNobody || (isAborted && caller.closing)) return trace?.end(code ?? "HandlerPanicked");
    try {
      caller.flush();
    } catch (stateError) {
      this.#tell(caller, method, stateError);
    }
    this.#fail(caller, id, code ?? "HandlerPanicked", trace);
  }

  #fail(caller: Caller, id: number, code: RpcHandlerErrorCode, trace: Trace): void {
    this.#counters.callsFailed++;
    trace?.end(code);
    if (caller.mute) return;
    const { sender } = caller;
    const writer = sender.begin();
    writeErrorResponse(writer, id, code);
    caller.free(id);
    sender.commit(writer);
    caller.onAnswered();
  }
}
