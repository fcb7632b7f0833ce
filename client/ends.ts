/**
 * What the end of a connection, or of an attempt to make one, means.
 *
 * @module
 */
import { ConnectError } from "../wire/errors.ts";

/** Why a connection was not made, though it was open. */
export function endedEarly(cause: Error): ConnectError {
  return cause instanceof ConnectError ? cause : new ConnectError(
    "ConnectionLost",
    `The connection ended before it could be used: ${cause.message}`,
    { cause },
  );
}

/** Whether trying again cannot help. */
export function isFinal(error: Error): boolean {
  return error instanceof ConnectError && !error.retryable;
}

/** Whatever was thrown, as an error. */
export function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason), { cause: reason });
}
