/**
 * What a client is given of where it runs: the ports between {@linkcode createClient} and its entries.
 *
 * @module
 */
import type { Codec } from "../codec/archive.ts";
import type { Writer } from "../codec/writer.ts";
import type { CallOptions, MethodInfo } from "../service/types.ts";
import type { StreamingCall, StreamingSession } from "../stream/caller.ts";
import type { Clock } from "../wire/clock.ts";
import type { Extension } from "../wire/handshake.ts";
import type { PageLimits } from "../wire/limits.ts";
import type { Framing } from "../wire/deflater.ts";
import type { CloseInfo, Transport, TransportListener } from "../wire/transport.ts";
import type { AnswerKit, OpenAnswers } from "./answers.ts";
import type { Client } from "./types.ts";
import type { Waits } from "./waiting.ts";

/** What of a client is watched. */
export type Followed = Pick<Client<unknown, unknown, unknown>, "status" | "onStatus">;

/** What to do with a call when all ids are taken. */
export type WhenFull =
  /** Fail it with `TooManyCallsInFlight`, as Rust does. */
  | "fail"
  /** Let it wait for an id, with up to `MAX_QUEUED_CALLS` others. */
  | "wait";

/** What is asked of a client, with the defaults filled in. */
export interface CheckedOptions {
  /** Level of compression. */
  readonly level: number;
  /** Bounds. */
  readonly limits: PageLimits;
  /** What to do with the 257th call. */
  readonly whenFull: WhenFull;
}

/** Makes one call. */
export type Caller = (
  method: MethodInfo,
  args: unknown,
  options?: CallOptions,
  streaming?: StreamingCall,
) => Promise<unknown>;

/** What the calls of a session need. */
export interface CallsHost extends Omit<CheckedOptions, "whenFull">, Waits {
  /** What to do with the 257th call, for those who make calls by that. Default: fail it. */
  readonly whenFull?: WhenFull;
  /** Whose timers they are, for those who make calls without a timer for each. */
  readonly clock?: Clock;
  /** The codec for values. */
  readonly codec: Codec;
  /** What is said of what does not decode, behind the reason. Default: nothing. */
  readonly advice?: string;
  /** How messages are taken out of their frames, and put into them by those who make calls by that. */
  readonly framing: Pick<Framing, "unframe"> & Partial<Framing>;
  /** Where the calls of a page's session wait with `whenFull: "wait"`. Default: nowhere. */
  readonly openQueue?:
    | (<C extends QueuedCall>(maxCalls: number, maxBytes: number) => CallQueue<C>)
    | undefined;
  /** Answers what the server calls. Default: nothing does. */
  readonly openAnswers?: OpenAnswers | undefined;
}

/** What a client uses of a transport: as much as the standard `WebSocket` has. */
export type ClientTransport =
  & Pick<Transport, "send" | "close" | "bufferedAmount">
  & Partial<Pick<Transport, "terminate">>;

/**
 * Begins to open a transport. Of its three listeners one is told, once.
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

/** Who waits for an answer. */
export interface Waiter {
  /** What was called. */
  readonly method: MethodInfo;
  /** Settles the caller's promise. */
  resolve(value: unknown): void;
  /** Settles the caller's promise. */
  reject(error: unknown): void;
}

/** A call that can wait for an id. */
export interface QueuedCall extends Waiter {
  /** Holds its request. */
  readonly request: Writer;
}

/** Calls of a page's session that wait for an id, in order. */
export interface CallQueue<C extends QueuedCall> {
  /** How many there are. */
  readonly size: number;
  /** Let one more wait; `false` if that is too much. */
  admit(call: C): boolean;
  /** Take the first. */
  shift(): C | undefined;
  /** Take one out; `false` if it does not wait. */
  delete(call: C): boolean;
  /** Visit all. */
  forEach(visit: (call: C) => void): void;
}

/** The calls of one session: all that it sends. */
export interface SessionCalls extends StreamingSession {
  /** Calls that hold an id, or wait for one. */
  readonly pending: number;
  /** Bytes of all messages sent, as they stand on the wire. */
  readonly sentBytes: number;
  /** Bytes that wait to be sent. */
  readonly bufferedBytes: number;
  /** Make a call. Whatever is wrong with it, the promise says so. */
  call(
    method: MethodInfo,
    args: unknown,
    options?: CallOptions,
    streaming?: StreamingCall,
  ): Promise<unknown>;
  /**
   * A reply came: free the id.
   *
   * @returns Who waits; `null` if the caller has gone, `undefined` if the id was not taken.
   */
  settle(id: number): Waiter | null | undefined;
  /** The session has ended: whoever waits is told so. `retryable`: no call without an answer has run. */
  end(cause: Error, retryable: boolean): void;
}

/**
 * Makes the calls of a session.
 *
 * @param end Ends the session with a close code, for an error.
 * @param extension What was agreed on.
 */
export type StartCalls = (
  transport: ClientTransport,
  host: CallsHost,
  end: (code: number, error: Error) => void,
  extension: Extension,
) => SessionCalls;

/** What a client uses of its surroundings. */
export interface ClientParts extends CallsHost {
  /** Opens transports. */
  readonly dial: ClientDialer;
  /** Makes calls. */
  readonly startCalls: StartCalls;
  /** Stands between the program and its calls, if anything watches them. */
  readonly watch?: ((call: Caller) => Caller) | undefined;
  /** From 0 to 1. Default: `Math.random`. */
  readonly random?: (() => number) | undefined;
  /** Runs a step when somebody sees the page, at once if that is so; returns how to stop. Default: at once. */
  readonly whenVisible?: ((run: () => void) => () => void) | undefined;
  /** Is given the client, before it is connected. */
  readonly follow?: ((client: Followed) => void) | undefined;
  /** Is told what listeners throw, where there is no `onError`. */
  readonly reportBug: (bug: unknown) => void;
}

/** What a client in a page uses. */
export interface PageParts extends ClientParts {
  /** How its messages are framed. */
  readonly framing: Framing;
  /** What answers are made with, by who is loaded to make them. */
  readonly answerKit: AnswerKit;
}
