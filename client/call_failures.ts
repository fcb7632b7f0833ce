/**
 * Why a call fails before it is sent, or without its answer.
 *
 * @module
 */
import type { MethodInfo } from "../service/types.ts";
import type { RpcError } from "../wire/errors.ts";
import { failed } from "./failures.ts";

/** Why a call that was sent is lost. */
export const UNANSWERED = "the connection ended before the answer";

/** A call that was not sent, because there is no connection. */
export function notConnected(method: MethodInfo, why: string, cause?: unknown): RpcError {
  return failed("ClientNotConnected", method, cause, why);
}

/** A call that streams, to a server without streams. */
export function unsupported(method: MethodInfo): RpcError {
  return failed(
    "StreamsUnsupported",
    method,
    undefined,
    "it streams, and the server is a Rust one or an older release",
  );
}

/** A call that is one too many. */
export function full(method: MethodInfo, why: string): RpcError {
  return failed("TooManyCallsInFlight", method, undefined, why);
}

/** A call whose signal has aborted. */
export function cancelled(method: MethodInfo, cause: unknown): RpcError {
  return failed("Cancelled", method, cause, "the signal aborted");
}
