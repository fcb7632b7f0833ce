/**
 * Errors of calls on the client, and the meaning of a connection's end.
 *
 * @module
 */
import type { MethodInfo } from "../service/types.ts";
import { INTERNAL, PROTOCOL_BROKEN } from "../wire/close.ts";
import { REFUSED } from "../wire/codes.ts";
import {
  ConnectError,
  type ConnectErrorCode,
  RpcError,
  type RpcErrorCode,
} from "../wire/errors.ts";
import type { Receives } from "../wire/handshake.ts";
import type { Excess } from "../wire/sending.ts";
import type { CloseInfo } from "../wire/transport.ts";

/** A call failed on the client. */
export function failed(
  code: RpcErrorCode,
  { name }: MethodInfo,
  cause?: unknown,
  why: string = code,
  retryable?: boolean,
): RpcError {
  return new RpcError(code, `Cannot call ${name}: ${why}`, { cause, retryable });
}

/** The arguments of a call are invalid. */
export function unencodable(method: MethodInfo, cause: unknown): RpcError {
  return failed("ClientEncodeError", method, cause, toError(cause).message);
}

/** A message is over a limit of its receiver. */
export function overLimit({ limit, bytes }: Excess, limits: Receives): RangeError {
  return new RangeError(`the message has ${bytes} bytes, ${limit} is ${limits[limit]}`);
}

/** A connection has ended. */
export function lost(why: string, cause?: unknown): RpcError {
  return new RpcError("ConnectionLost", `The connection was lost: ${why}`, { cause });
}

/**
 * What a server's close means: a refusal, or the end of a connection.
 *
 * @param otherwise The code for a connection that never opened, if its close is no refusal. If it was open, a server
 * that failed or rejected a message may be retried: that is no refusal.
 */
export function closed(
  { code, reason }: CloseInfo,
  otherwise?: ConnectErrorCode,
): ConnectError | RpcError {
  const isRefusal = otherwise || (code !== PROTOCOL_BROKEN && code !== INTERNAL);
  const [why, status] = (isRefusal && REFUSED[code]) || [otherwise];
  const text = `it closed with ${code}${reason && `: ${reason}`}`;
  return why ? new ConnectError(why, `Cannot connect: ${text}`, { status }) : lost(text);
}

/** A thrown value as an `Error`. */
export function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason), { cause: reason });
}

/** The error of a call that was sent and got no answer. */
export const UNANSWERED = "the connection ended before the answer";

/** A call was not sent because there is no connection. */
export function notConnected(method: MethodInfo, why: string, cause?: unknown): RpcError {
  return failed("ClientNotConnected", method, cause, why);
}

/** A call over the limit. */
export function full(method: MethodInfo, why: string): RpcError {
  return failed("TooManyCallsInFlight", method, undefined, why);
}

/** A call was cancelled by its signal. */
export function cancelled(method: MethodInfo, cause: unknown): RpcError {
  return failed("Cancelled", method, cause, "the signal aborted");
}
