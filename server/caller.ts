/**
 * {@linkcode Caller}: one connection and its call ids.
 *
 * @module
 */
import { RpcError } from "../wire/errors.ts";
import { MAX_CALLS_IN_FLIGHT } from "../wire/page_limits.ts";
import type { Sender } from "../wire/sender.ts";
import type { CallGuard, Guarded } from "./call_guard.ts";
import type { ClientCalls } from "./client_calls.ts";
import type { ConnectionStreams } from "./connection_streams.ts";
import type { ServerCall } from "./server_call.ts";

/** A connection's calls. Everything is absent while there are none: most connections are idle. */
export class OpenCalls {
  /** The ids in use, and their state. */
  takenIds: Uint8Array | undefined;
  /** Calls in flight. */
  callsInFlight = 0;
  /** The calls that must be notified, of a cancel for example. */
  listening: Map<number, ServerCall> | undefined;
  /** Shared state of the streaming calls. */
  streams: ConnectionStreams | undefined;
  /** Calls of the client, if its methods are called. */
  clientCalls: ClientCalls | undefined;
  /** What handlers hold, if any holds much, and how often they are in vain. */
  guard: CallGuard | undefined;
}

/** One connection, as seen by the call runner. */
export interface Caller extends OpenCalls, Guarded {
  /** The connection's number. */
  readonly id: number;
  /** The sender for answers. */
  readonly sender: Sender;
  /** The target of its calls. */
  readonly target: unknown;
  /** Whether it is ending: later results are dropped. */
  readonly closing: boolean;
  /** Whether all answers are dropped, also those of handlers that settled before the end began. */
  readonly mute: boolean;
  /** Send state changes. Throws `CodecError`. */
  flush(): void;
  /** A message other than an answer was sent. */
  onSent(): void;
  /** An answer was sent, and its call is over. */
  onAnswered(): void;
  /** A handler failed, its output cannot be encoded, or its arguments cannot be decoded. */
  onCallError(error: unknown, method: string | undefined, untold: number): void;
  /** A handler's output is larger than the peer accepts. */
  onTooBig(what: string, where: string, method: string): void;
  /** Whether so many bytes may be sent. If not, the connection has ended. */
  admits(bytes: number): boolean;
}

/** Unused id tables, all zeros, returned by connections without calls in flight. */
const spareTables: Uint8Array[] = [];
const MAX_SPARE_TABLES = 64;
/** State of an id: a call is in flight. */
const TAKEN = 1;
/** State of an id: a cancelled call is still in flight. */
const CANCELLED = 2;

/** Take an id, unless it is in use. */
export function take(caller: Caller, id: number): boolean {
  const taken = caller.takenIds ??= spareTables.pop() ?? new Uint8Array(MAX_CALLS_IN_FLIGHT);
  if (taken[id] !== 0) return false;
  taken[id] = TAKEN;
  caller.callsInFlight++;
  return true;
}

/** The call is over: release its id. */
export function free(caller: Caller, id: number): void {
  const taken = caller.takenIds;
  if (taken === undefined) return;
  taken[id] = 0;
  if (--caller.callsInFlight > 0) return;
  caller.takenIds = undefined;
  if (spareTables.length < MAX_SPARE_TABLES) spareTables.push(taken);
}

/** Notify a call until it is over. */
export function listen(caller: Caller, call: ServerCall): void {
  (caller.listening ??= new Map()).set(call.id, call);
}

/** Stop notifying a call. */
export function unlisten(caller: Caller, call: ServerCall): void {
  const { listening } = caller;
  if (listening?.get(call.id) !== call) return;
  listening.delete(call.id);
  if (listening.size === 0) caller.listening = undefined;
}

/** The peer has cancelled a call. Returns whether it was in flight and not yet cancelled. */
export function cancel(caller: Caller, id: number): boolean {
  const { takenIds, listening } = caller;
  if (takenIds?.[id] !== TAKEN) return false;
  takenIds[id] = CANCELLED;
  listening?.get(id)?.cancel();
  return true;
}

/** Whether a call in flight was cancelled. */
export function isCancelled(caller: Caller, id: number): boolean {
  return caller.takenIds?.[id] === CANCELLED;
}

/** The reason with which calls are cancelled when their connection has ended. */
export function connectionLost(): RpcError {
  return new RpcError("ConnectionLost", "The connection has ended");
}

/** Drop the connection's calls. Their handlers keep running, so its guard stays. */
export function forgetCalls(caller: Caller): void {
  caller.guard?.leave();
  const { clientCalls } = caller;
  const reason = caller.listening || clientCalls ? connectionLost() : undefined;
  clientCalls?.end(reason);
  const { listening, streams } = caller;
  caller.takenIds = caller.listening = undefined;
  caller.callsInFlight = 0;
  if (listening === undefined) return;
  for (const call of listening.values()) call.cancel(reason);
  streams?.stop();
}
