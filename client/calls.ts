/**
 * {@linkcode Calls}: the calls of one session, from the first byte to the reply.
 *
 * @module
 */
import { encode } from "../codec/encode.ts";
import { CodecError } from "../codec/errors.ts";
import type { Writer } from "../codec/writer.ts";
import { RpcError } from "../wire/errors.ts";
import type { Limits } from "../wire/limits.ts";
import { writeRawRequest, writeRequest } from "../wire/messages.ts";
import type { Sender } from "../wire/sender.ts";
import type { MethodInfo } from "../service/types.ts";
import type { CallOptions } from "../service/types.ts";
import { CallTable, MAX_ABANDONED_CALLS, MAX_CALLS_IN_FLIGHT } from "./call_table.ts";
import type { Clock } from "../wire/clock.ts";
import { Deadlines } from "./deadlines.ts";
import { PendingCall } from "./pending_call.ts";

/** What to do with a call when all ids are taken. */
export type WhenFull =
  /** Fail it with `TooManyCallsInFlight`, as Rust does. */
  | "fail"
  /** Let it wait for an id, with up to {@linkcode MAX_QUEUED_CALLS} others. */
  | "wait";

/** Calls that may wait for an id. One more fails with `TooManyCallsInFlight`. */
export const MAX_QUEUED_CALLS = 1024;

/** What the calls of a session need. */
export interface CallsOptions {
  /** Where requests go. */
  readonly sender: Sender;
  /** `callTimeoutMs`, `maxBufferedBytes` and `maxInflatedBytes`. */
  readonly limits: Limits;
  /** What to do with the 257th. */
  readonly whenFull: WhenFull;
  /** Whose time deadlines are in. */
  readonly clock: Clock;
  /** So many ids are held by abandoned calls that the session should end. */
  onExhausted(): void;
}

/** Sends calls, and knows who waits for what and until when. */
export class Calls {
  readonly #options: CallsOptions;
  readonly #sender: Sender;
  readonly #table: CallTable<PendingCall> = new CallTable();
  readonly #deadlines: Deadlines;
  /** Calls that wait for an id, oldest first. */
  #queue: PendingCall[] = [];
  #queuedBytes = 0;
  #end: Error | undefined;

  /** Create for one session. */
  constructor(options: CallsOptions) {
    this.#options = options;
    this.#sender = options.sender;
    this.#deadlines = new Deadlines(options.clock, (now) => this.#expire(now));
  }

  /** Calls that hold an id, or wait for one. */
  get pending(): number {
    return this.#table.inFlight + this.#queue.length;
  }

  /** Replies that came to an id nobody held. */
  get strayReplies(): number {
    return this.#table.strayReplies;
  }

  /** Make a call. Whatever is wrong with it, the promise says so. */
  call(method: MethodInfo, args: unknown, options: CallOptions = {}): Promise<unknown> {
    const { limits } = this.#options;
    const { signal, timeoutMs = limits.callTimeoutMs } = options;
    if (this.#end !== undefined) return Promise.reject(notConnected(method));
    if (signal?.aborted) return Promise.reject(cancelled(method, signal.reason));
    if (!(timeoutMs > 0)) {
      return Promise.reject(
        new RangeError(
          `Cannot call ${method.name}: timeoutMs is ${timeoutMs}, expected more than 0`,
        ),
      );
    }
    if (this.#sender.bufferedBytes > limits.maxBufferedBytes) {
      return Promise.reject(
        full(method, `more than ${limits.maxBufferedBytes} bytes wait to be sent`),
      );
    }

    const deadline = this.#deadlines.in(timeoutMs);
    const call = new PendingCall(method, deadline, signal, this.#onAbort);
    const id = this.#table.open(call);
    if (id === -1 && this.#options.whenFull === "fail") {
      return Promise.reject(full(method, `${MAX_CALLS_IN_FLIGHT} are in flight`));
    }
    if (id === -1) return this.#enqueue(call, args);
    const writer = this.#sender.begin();
    try {
      this.#write(call, id, writer, args);
    } catch (error) {
      this.#table.settle(id);
      this.#sender.abandon(writer);
      return Promise.reject(error);
    }
    if (this.#end !== undefined) {
      // The arguments were a getter's, and it closed the client.
      this.#sender.abandon(writer);
      return Promise.reject(notConnected(method));
    }
    const promise = call.wait();
    this.#deadlines.add(deadline);
    // Last: a transport in the same process may answer before this returns.
    this.#sender.commit(writer);
    return promise;
  }

  #write(call: PendingCall, id: number, writer: Writer, args: unknown): void {
    call.id = id;
    const start = writer.position;
    try {
      writeRequest(writer, id, call.method.call, args);
    } catch (error) {
      throw unencodable(call.method, error);
    }
    this.#checkLength(call.method, writer.position - start);
  }

  #checkLength(method: MethodInfo, bytes: number): void {
    const { maxInflatedBytes } = this.#options.limits;
    if (bytes <= maxInflatedBytes) return;
    throw new RpcError(
      "ClientEncodeError",
      `Cannot call ${method.name}: the message has ${bytes} bytes, the limit is ${maxInflatedBytes}`,
    );
  }

  #enqueue(call: PendingCall, args: unknown): Promise<unknown> {
    const { method } = call;
    const { maxBufferedBytes } = this.#options.limits;
    let archive: Uint8Array;
    try {
      archive = encode(method.call, args);
      this.#checkLength(method, archive.length);
    } catch (error) {
      return Promise.reject(unencodable(method, error));
    }
    if (this.#queue.length >= MAX_QUEUED_CALLS) {
      return Promise.reject(full(method, `${MAX_QUEUED_CALLS} wait for an id`));
    }
    if (this.#queuedBytes + archive.length > maxBufferedBytes) {
      return Promise.reject(full(method, `calls of ${maxBufferedBytes} bytes wait for an id`));
    }
    call.archive = archive;
    this.#queue.push(call);
    this.#queuedBytes += archive.length;
    this.#deadlines.add(call.deadline);
    return call.wait();
  }

  /** A reply came. Returns who waits for it, who is then no longer waiting. */
  settle(id: number): PendingCall | undefined {
    const call = this.#table.settle(id);
    call?.release();
    if (this.#queue.length > 0) this.#startNext();
    return call;
  }

  #startNext(): void {
    const call = this.#queue[0] as PendingCall;
    const id = this.#table.open(call);
    if (id === -1) return;
    const archive = call.archive as Uint8Array;
    this.#queue.shift();
    this.#queuedBytes -= archive.length;
    call.archive = undefined;
    call.id = id;
    const writer = this.#sender.begin();
    writeRawRequest(writer, id, archive);
    this.#sender.commit(writer);
  }

  readonly #onAbort = (call: PendingCall): void => {
    this.#giveUp(call, cancelled(call.method, call.reason));
    this.#checkAbandoned();
  };

  #giveUp(call: PendingCall, error: RpcError): void {
    call.release();
    if (call.id === -1) {
      this.#queue = this.#queue.filter((each) => each !== call);
      this.#queuedBytes -= call.archive?.length ?? 0;
    } else {
      this.#table.abandon(call.id);
    }
    call.reject(error);
  }

  #expire(now: number): number {
    let earliest = Infinity;
    for (const call of [...this.#table.waiting(), ...this.#queue]) {
      if (call.deadline > now) earliest = Math.min(earliest, call.deadline);
      else this.#giveUp(call, tooLate(call));
    }
    this.#checkAbandoned();
    return this.#end === undefined ? earliest : Infinity;
  }

  #checkAbandoned(): void {
    if (this.#table.abandoned > MAX_ABANDONED_CALLS) this.#options.onExhausted();
  }

  /** The session has ended: whoever waits is told so. */
  end(error: Error): void {
    this.#end = error;
    this.#deadlines.clear();
    const queued = this.#queue;
    this.#queue = [];
    this.#queuedBytes = 0;
    for (const call of this.#table.drain()) {
      call.release();
      call.reject(
        new RpcError(
          "ConnectionLost",
          `Cannot say what became of ${call.method.name}: the connection ended before its answer`,
          { cause: error },
        ),
      );
    }
    for (const call of queued) {
      call.release();
      call.reject(notConnected(call.method, error));
    }
  }
}

/** A call that was not sent, because there is no connection. */
export function notConnected(method: MethodInfo, cause?: unknown): RpcError {
  return new RpcError("ClientNotConnected", `Cannot call ${method.name}: there is no connection`, {
    cause,
  });
}

function full(method: MethodInfo, why: string): RpcError {
  return new RpcError("TooManyCallsInFlight", `Cannot call ${method.name}: ${why}`);
}

function cancelled(method: MethodInfo, cause: unknown): RpcError {
  return new RpcError("Cancelled", `Stopped waiting for ${method.name}: the signal aborted`, {
    cause,
  });
}

function tooLate({ method }: PendingCall): RpcError {
  return new RpcError(
    "DeadlineExceeded",
    `Stopped waiting for ${method.name}: its deadline passed`,
  );
}

function unencodable(method: MethodInfo, cause: unknown): RpcError {
  if (cause instanceof RpcError) return cause;
  const path = cause instanceof CodecError && cause.path !== "" ? `.${cause.path}` : "";
  const why = cause instanceof Error ? cause.message : String(cause);
  return new RpcError("ClientEncodeError", `${method.name}${path}: ${why}`, { cause });
}
