/**
 * The ports between {@linkcode createClient} and its entries: the parts that depend on the runtime.
 *
 * @module
 */
import type { Codec } from "../codec/archive.ts";
import type { CallOptions, MethodInfo } from "../service/types.ts";
import type { Uploading } from "../stream/caller.ts";
import type { StreamingCall, StreamingHost, StreamingSession } from "../stream/open_streams.ts";
import type { Clock } from "../wire/clock.ts";
import type { Extension } from "../wire/handshake.ts";
import type { PageLimits } from "../wire/limits.ts";
import type { Framing } from "../wire/deflater.ts";
import type { ReadTopic } from "../wire/server_message_reader.ts";
import type { CloseInfo, Transport, TransportListener } from "../wire/transport.ts";
import type { OpenAnswers } from "./answers.ts";
import type { Client, ClientCounters } from "./types.ts";
import type { Waits } from "../wire/waiting.ts";

/** The observed parts of a client. */
export type Followed = Pick<Client<unknown, unknown, unknown>, "status" | "onStatus">;

/** Most calls that wait for an id. One more fails with `TooManyCallsInFlight`. */
export const MAX_QUEUED_CALLS = 1024;

/** The reaction to a call when all ids are in use. */
export type WhenFull =
  /** Reject it with `TooManyCallsInFlight`, as Rust does. */
  | "fail"
  /** Queue it for an id, with up to `MAX_QUEUED_CALLS` others. */
  | "wait";

/** A client's options, with defaults. */
export interface CheckedOptions {
  /** Compression level. */
  readonly level: number;
  /** The limits. */
  readonly limits: PageLimits;
  /** The reaction to the 257th call in flight. */
  readonly whenFull: WhenFull;
}

/** Makes one call. */
export type MakeCall = (
  method: MethodInfo,
  args: unknown,
  options?: CallOptions,
  streaming?: StreamingCall,
) => Promise<unknown>;

/** The parts that the calls of a session need. */
export interface CallsHost extends Omit<CheckedOptions, "whenFull">, Waits, StreamingHost {
  /** The statistics. */
  readonly counters: ClientCounters;
  /** The reaction to the 257th call in flight, if the calls support it. Default: reject it. */
  readonly whenFull?: WhenFull;
  /** The clock, for calls without a timer each. */
  readonly clock?: Clock;
  /** The codec for values. */
  readonly codec: Codec;
  /** Reads topics. Default: by their schema. */
  readonly readTopic?: ReadTopic;
  /** Details for values that fail to decode, after the reason. Default: none. */
  readonly advice?: (cause: unknown) => string;
  /** The framing of messages. */
  readonly framing: Pick<Framing, "unframe"> & Partial<Framing>;
  /** Which calls of a page's session may wait for an id, with `whenFull: "wait"`. Default: none. */
  readonly mayWait?: MayWait | undefined;
  /** Answers calls of the server. Default: none. */
  readonly openAnswers?: OpenAnswers | undefined;
}

/** The part of a transport that a client uses: a subset of the standard `WebSocket`. */
export type ClientTransport =
  & Pick<Transport, "send" | "close" | "bufferedAmount">
  & Partial<Pick<Transport, "terminate">>;

/**
 * Starts to open a transport. Calls exactly one of its three listeners, once.
 *
 * @param open Told that it is open, and what was agreed on; answers who listens to it.
 * @param fail Told why it will not open.
 * @param refuse Told by which close the server refused it.
 * @returns Ends the attempt, if it is still under way: then it does not open.
 */
export type ClientDialer = (
  url: string,
  level: number,
  open: (transport: ClientTransport, extension: Extension) => TransportListener,
  fail: (error: unknown) => void,
  refuse: (info: CloseInfo) => void,
) => () => void;

/** A pending call. */
export interface Waiter {
  /** The called method. */
  readonly method: MethodInfo;
  /** Settles the caller's promise. */
  resolve(value: unknown): void;
  /** Settles the caller's promise. */
  reject(error: unknown): void;
}

/** A call that can wait for an id. */
export interface QueuedCall extends Waiter {
  /** Its request, whose id is to be filled in. */
  readonly request: Uint8Array<ArrayBuffer>;
}

/**
 * Whether one more call of a page's session may wait for an id.
 *
 * @param waiting Those that do.
 */
export type MayWait = (call: QueuedCall, waiting: ReadonlySet<QueuedCall>) => boolean;

/** The calls of one session: everything that it sends. */
export interface SessionCalls extends StreamingSession {
  /** Calls that hold an id, or wait for one. */
  readonly pending: number;
  /** Bytes of sent messages on the wire that the counters lack so far. Default: none. */
  readonly sentBytes?: number;
  /** Bytes queued for sending. */
  readonly bufferedBytes: number;
  /** Send a message that is only a root: its tag, an id and a byte. */
  say(tag: number, id: number, byte?: number): void;
  /** Make a call. All errors reject the promise. */
  call(
    method: MethodInfo,
    args: unknown,
    options?: CallOptions,
    streaming?: StreamingCall,
  ): Promise<unknown>;
  /**
   * Release the id of a reply.
   *
   * @returns The pending call; `null` if abandoned, `undefined` if the id was not in use.
   */
  settle(id: number): Waiter | null | undefined;
  /** The session has ended: reject pending calls. `retryable`: no unanswered call has run. */
  end(cause: Error, retryable: boolean): void;
}

/**
 * Makes the calls of a session.
 *
 * @param end Ends the session because of an error, with a close code. Default: 1000.
 * @param extension The negotiated extension.
 */
export type StartCalls = (
  transport: ClientTransport,
  host: CallsHost,
  end: (error: Error, code?: number) => void,
  extension: Extension,
) => SessionCalls;

/** The environment of a client. */
export interface ClientParts extends Omit<CallsHost, "counters"> {
  /** Opens transports. */
  readonly dial: ClientDialer;
  /** Makes calls. */
  readonly startCalls: StartCalls;
  /** Wraps the program's calls, if observed. */
  readonly watch?: ((call: MakeCall) => MakeCall) | undefined;
  /** Sends the items of an argument. A page loads it when it first does. */
  readonly uploading?: Uploading | undefined;
  /** From 0 to 1. Default: `Math.random`. */
  readonly random?: (() => number) | undefined;
  /**
   * Waits before an attempt, for a time or until something shows that it is worth trying now, which `wake` is told;
   * returns a function that cancels.
   */
  readonly pause: (delayMs: number, wake: (early?: unknown) => void) => () => void;
  /** Receives the client before it connects. */
  readonly follow?: ((client: Followed) => void) | undefined;
  /** Receives errors of listeners, without `onError`. */
  readonly reportBug: (bug: unknown) => void;
}

/** The environment of a client in a page. */
export interface PageParts extends ClientParts {
  /** The framing of its messages. */
  readonly framing: Framing;
}
