/**
 * {@linkcode Caller}: one connection, and the ids of its calls.
 *
 * @module
 */
import { RpcError } from "../wire/errors.ts";
import type { Sender } from "../wire/sender.ts";
import type { CallGuard, Guarded } from "./call_guard.ts";
import type { ClientCalls } from "./client_calls.ts";
import type { ConnectionStreams } from "./connection_streams.ts";
import type { ServerCall } from "./server_call.ts";

/** What there is of a connection's calls. All of it is absent while there are none: most connections are idle. */
export class OpenCalls {
  /** Which ids are taken, and by what. */
  takenIds: Uint8Array | undefined;
  /** Calls under way. */
  callsInFlight = 0;
  /** Those of them that have to hear of what happens to them. */
  listening: Map<number, ServerCall> | undefined;
  /** What those of them have in common that stream. */
  streams: ConnectionStreams | undefined;
  /** Calls of the client, if a handler may make any. */
  clientCalls: ClientCalls | undefined;
  /** What handlers hold, if any holds much, and how often they are in vain. */
  guard: CallGuard | undefined;
}

/** One connection, as those see it who run its calls. */
export interface Caller extends OpenCalls, Guarded {
  /** Its number. */
  readonly id: number;
  /** Where answers go. */
  readonly sender: Sender;
  /** What its calls are run on. */
  readonly target: unknown;
  /** Whether it is ending: what settles from now on is for nobody. */
  readonly closing: boolean;
  /** Whether answers are for nobody, also of what had settled before it was ending. */
  readonly mute: boolean;
  /** Send what has changed in the state. Throws `CodecError`. */
  flush(): void;
  /** Something was sent that is no answer. */
  onSent(): void;
  /** An answer was sent, and its call is over. */
  onAnswered(): void;
  /** A handler failed, what it answered cannot be encoded, or what it was asked cannot be decoded. */
  onCallError(error: unknown, method: string | undefined, untold: number): void;
  /** What a handler gave is larger than its peer takes. */
  onTooBig(what: string, where: string, method: string): void;
  /** Whether so many bytes may be sent. Where not, the connection has been ended. */
  admits(bytes: number): boolean;
}

const MAX_CALLS_IN_FLIGHT = 256;
/** Tables of ids that connections without a call under way have given back: all zeros. */
const spareTables: Uint8Array[] = [];
const MAX_SPARE_TABLES = 64;
/** Of an id: a call is under way. */
const TAKEN = 1;
/** Of an id: a call is under way that nobody waits for any more. */
const CANCELLED = 2;

/** Take an id, unless it is taken. */
export function take(caller: Caller, id: number): boolean {
  const taken = caller.takenIds ??= spareTables.pop() ?? new Uint8Array(MAX_CALLS_IN_FLIGHT);
  if (taken[id] !== 0) return false;
  taken[id] = TAKEN;
  caller.callsInFlight++;
  return true;
}

/** Its call is over: give an id back. */
export function free(caller: Caller, id: number): void {
  const taken = caller.takenIds;
  if (taken === undefined) return;
  taken[id] = 0;
  if (--caller.callsInFlight > 0) return;
  caller.takenIds = undefined;
  if (spareTables.length < MAX_SPARE_TABLES) spareTables.push(taken);
}

/** Have a call hear of what happens to it, until it is over. */
export function listen(caller: Caller, call: ServerCall): void {
  (caller.listening ??= new Map()).set(call.id, call);
}

/** A call need hear of nothing any more. */
export function unlisten(caller: Caller, call: ServerCall): void {
  const { listening } = caller;
  if (listening?.get(call.id) !== call) return;
  listening.delete(call.id);
  if (listening.size === 0) caller.listening = undefined;
}

/** Its peer does not wait for a call any more. Returns whether it was under way, and was waited for. */
export function cancel(caller: Caller, id: number): boolean {
  const { takenIds, listening } = caller;
  if (takenIds?.[id] !== TAKEN) return false;
  takenIds[id] = CANCELLED;
  listening?.get(id)?.cancel();
  return true;
}

/** Whether nobody waits for a call that is under way. */
export function isCancelled(caller: Caller, id: number): boolean {
  return caller.takenIds?.[id] === CANCELLED;
}

/** What a call is cancelled for when its connection has ended. */
export function connectionLost(): RpcError {
  return new RpcError("ConnectionLost", "The connection has ended");
}

/** Its calls are for nobody any more. Their handlers run on, so its guard stays. */
export function forgetCalls(caller: Caller): void {
  caller.guard?.leave();
  caller.clientCalls?.end();
  const { listening, streams } = caller;
  caller.takenIds = caller.listening = undefined;
  caller.callsInFlight = 0;
  if (listening === undefined) return;
  const reason = connectionLost();
  for (const call of listening.values()) call.cancel(reason);
  streams?.stop();
}
