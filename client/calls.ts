/**
 * {@linkcode Calls}: runs the calls of one session, from the first byte to the reply.
 *
 * @module
 */
import type { Codec } from "../codec/archive.ts";
import type { Writer } from "../codec/writer.ts";
import type { CallOptions, MethodInfo } from "../service/types.ts";
import type { OpenStreams, StreamingCall } from "../stream/open_streams.ts";
import { setRequestId, writeBrief, writeRequest } from "../wire/client_message_writer.ts";
import { systemClock, type Timers } from "../wire/clock.ts";
import { INTERNAL } from "../wire/close.ts";
import type { Deflater } from "../wire/deflater.ts";
import { isRpcError } from "../wire/errors.ts";
import type { Extension } from "../wire/handshake.ts";
import type { PageLimits } from "../wire/limits.ts";
import { CLIENT_CANCEL } from "../wire/layout.ts";
import { MAX_ABANDONED_CALLS, MAX_CALLS_IN_FLIGHT } from "../wire/page_limits.ts";
import { shortenRequest } from "../wire/short_message.ts";
import { Sender } from "../wire/sender.ts";
import { surelyTakes } from "../wire/sending.ts";
import type { Transport } from "../wire/transport.ts";
import { checkCall, NONE } from "./check_options.ts";
import { CallTable } from "./call_table.ts";
import { Deadlines } from "./deadlines.ts";
import {
  cancelled,
  failed,
  full,
  lost,
  notConnected,
  overLimit,
  UNANSWERED,
  unencodable,
} from "./failures.ts";
import { type CallsHost, MAX_QUEUED_CALLS, type SessionCalls, type StartCalls } from "./parts.ts";
import { PendingCall } from "./pending_call.ts";

/** {@linkcode StartCalls} for many calls at once: with deflating, without a timer or a closure per call. */
export function startCalls(deflater: Deflater): StartCalls {
  return (transport, host, end, extension) =>
    new Calls(deflater, transport as Transport, host, end, extension);
}

/** Sends calls, and keeps pending ones with their deadlines. */
export class Calls implements SessionCalls {
  readonly #options: CallsHost;
  readonly #sender: Sender;
  readonly #end: (error: Error, code?: number) => void;
  readonly #extension: Extension;
  readonly #table: CallTable<PendingCall> = new CallTable();
  readonly #deadlines: Deadlines;
  /** Calls that wait for an id, oldest first. */
  #queue: PendingCall[] = [];
  #queuedBytes = 0;
  #ended = false;
  /** Ends the session because all ids are abandoned. */
  #starving: (() => void) | undefined;
  streams: OpenStreams | undefined;
  readonly codec: Codec;
  readonly after: Timers["after"];
  readonly limits: PageLimits;

  /** Create for one session, which `end` ends. */
  constructor(
    deflater: Deflater,
    transport: Transport,
    host: CallsHost,
    end: (error: Error, code?: number) => void,
    extension: Extension,
  ) {
    const { after, clock = systemClock, codec, level, limits } = host;
    this.#options = host;
    this.after = after;
    this.codec = codec;
    this.limits = limits;
    this.#extension = extension;
    this.#sender = new Sender(transport, { deflater, level, limits, receives: limits }, this);
    this.#end = end;
    this.#deadlines = new Deadlines(clock, (now) => this.#expire(now));
  }

  /** Bytes of sent messages on the wire, until they are counted at the end. */
  get sentBytes(): number {
    return this.#ended ? 0 : this.#sender.sentBytes;
  }

  get bufferedBytes(): number {
    return this.#sender.bufferedBytes;
  }

  onSendError(error: unknown): void {
    this.#end(lost("a message could not be deflated", error), INTERNAL);
  }

  get pending(): number {
    return this.#ended ? 0 : this.#table.inFlight + this.#queue.length;
  }

  say(tag: number, id: number, byte?: number): void {
    const writer = this.#sender.begin();
    writeBrief(writer, tag, id, byte);
    this.#sender.commit(writer);
  }

  begin(): Writer {
    return this.#sender.begin();
  }

  commit(writer: Writer): void {
    if (this.#extension) shortenRequest(writer);
    this.#sender.commit(writer);
  }

  sendRaw(id: number, item: Uint8Array<ArrayBuffer>): boolean {
    return this.#sender.sendRaw(id, item);
  }

  abandon(writer: Writer): void {
    this.#sender.abandon(writer);
  }

  call(
    method: MethodInfo,
    args: unknown,
    options: CallOptions = NONE,
    streaming?: StreamingCall,
  ): Promise<unknown> {
    const { limits } = this;
    let call: PendingCall | undefined;
    try {
      checkCall(method, args, options);
      const { signal, timeoutMs = limits.callTimeoutMs } = options;
      if (this.#ended) throw notConnected(method, "its connection has ended");
      streaming?.open(this.#extension, (error) => call && this.#leave(call, error));
      if (signal?.aborted) throw cancelled(method, signal.reason);
      if (!(timeoutMs > 0)) {
        throw new RangeError(
          `Cannot call ${method.name}: timeoutMs is ${timeoutMs}, expected more than 0`,
        );
      }
      if (this.#sender.bufferedBytes > limits.maxBufferedBytes) {
        throw full(method, `more than ${limits.maxBufferedBytes} bytes wait to be sent`);
      }
      const writer = this.#write(method, args);
      const turn = this.#deadlines.start(timeoutMs);
      call = new PendingCall(method, turn, timeoutMs, signal, this.#onAbort);
      const promise = call.wait();
      call.streaming = streaming;
      if (this.#full) {
        call.request = writer;
        this.#queue.push(call);
        this.#queuedBytes += writer.position;
      } // Last: a transport in the same process may answer before this returns.
      else this.#send(call, writer);
      return promise;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The request, with a placeholder for its id. */
  #write(method: MethodInfo, args: unknown): Writer {
    const { whenFull, limits: { maxBufferedBytes } } = this.#options;
    const writer = this.#sender.begin();
    try {
      writeRequest(this.#options.codec, writer, 0, method.call, args);
      // A getter of the arguments may have closed the client.
      if (this.#ended) throw notConnected(method, "its connection has ended");
      if (this.#full) {
        if (whenFull === "fail") throw full(method, this.#table.taken);
        if (
          this.#queue.length === MAX_QUEUED_CALLS ||
          this.#queuedBytes + writer.position > maxBufferedBytes
        ) {
          throw full(
            method,
            `${MAX_QUEUED_CALLS} calls, or ${maxBufferedBytes} bytes of them, wait for an id`,
          );
        }
      }
      return writer;
    } catch (error) {
      this.#sender.abandon(writer);
      throw isRpcError(error) ? error : unencodable(method, error);
    }
  }

  /** Take an id and send the request. An id must be free. */
  #send(call: PendingCall, writer: Writer): void {
    call.id = this.#table.open(call);
    setRequestId(writer, call.id);
    call.streaming?.begin(this, call.id, this.#options);
    const sender = this.#sender;
    if (surelyTakes(sender.options, writer.position)) return this.commit(writer);
    sender.commit(writer, (_taken, excess) => {
      if (excess === undefined) return;
      const refused = this.settle(call.id);
      refused?.reject(unencodable(refused.method, overLimit(excess, this.limits)));
    });
  }

  /** Release the id of a reply. Returns its pending call: see {@linkcode CallTable.settle}. */
  settle(id: number): PendingCall | null | undefined {
    const call = this.#table.settle(id);
    if (call === null) this.#stopStarving();
    call?.release();
    this.streams?.over(id);
    if (this.#queue.length > 0 && !this.#full) {
      const next = this.#queue[0]!;
      this.#send(next, this.#unqueue(next));
    }
    return call;
  }

  get #full(): boolean {
    return this.#table.inFlight === MAX_CALLS_IN_FLIGHT;
  }

  #unqueue(call: PendingCall): Writer {
    const writer = call.request as Writer;
    this.#queue.splice(this.#queue.indexOf(call), 1);
    this.#queuedBytes -= writer.position;
    call.request = undefined;
    return writer;
  }

  readonly #onAbort = (call: PendingCall): void => {
    this.#giveUp(call, cancelled(call.method, call.reason));
    this.#checkAbandoned();
  };

  /** Cancel a streaming call, if it is still in flight. */
  #leave(call: PendingCall, error: unknown): void {
    if (call.request === undefined && !this.#table.holds(call.id, call)) return;
    this.#giveUp(call, error);
    this.#checkAbandoned();
  }

  #giveUp(call: PendingCall, error: unknown): void {
    const { id } = call;
    call.release();
    if (call.request !== undefined) this.#sender.abandon(this.#unqueue(call));
    else {
      this.#table.abandon(id);
      this.streams?.over(id);
      if (this.#extension && !this.#ended) this.say(CLIENT_CANCEL, id);
    }
    call.reject(error);
  }

  #expire(now: number): number {
    let earliest = Infinity;
    for (const call of [...this.#table.waiting(), ...this.#queue]) {
      if (call.deadline > now) earliest = Math.min(earliest, call.deadline);
      else {
        const why = `no answer came within ${call.timeoutMs} ms`;
        this.#giveUp(call, failed("DeadlineExceeded", call.method, undefined, why));
      }
    }
    this.#checkAbandoned();
    return this.#ended ? Infinity : earliest;
  }

  #checkAbandoned(): void {
    const { abandoned } = this.#table;
    const end = (): void => this.#end(lost("too many abandoned calls were never answered"));
    if (!this.#extension) {
      if (abandoned > MAX_ABANDONED_CALLS) end();
    } else if (abandoned === MAX_CALLS_IN_FLIGHT && !this.#ended) {
      // A server with `x1` answers cancelled calls: it gets the timeout of a call.
      this.#starving ??= this.after(this.limits.callTimeoutMs, end);
    }
  }

  #stopStarving(): void {
    this.#starving?.();
    this.#starving = undefined;
  }

  end(cause: Error, retryable: boolean): void {
    this.#options.counters.bytesSent += this.sentBytes;
    this.#ended = true;
    this.#sender.close();
    this.#deadlines.clear();
    this.#stopStarving();
    for (const call of [...this.#table.waiting(), ...this.#queue]) {
      this.#giveUp(
        call,
        call.request === undefined
          ? failed("ConnectionLost", call.method, cause, UNANSWERED, retryable)
          : notConnected(call.method, "the connection ended before it was sent", cause),
      );
    }
  }
}
