/**
 * {@linkcode dialSession}: one attempt to connect, within its deadline.
 *
 * @module
 */
import type { Clock } from "../wire/clock.ts";
import { ConnectError } from "../wire/errors.ts";
import { REFUSED } from "../wire/handshake.ts";
import type { Dialer, DialRequest, Transport } from "../wire/transport.ts";
import { interruptible, onAbort } from "./cleanup.ts";
import { refusal } from "./failures.ts";
import type { Session } from "./session.ts";

/** What an attempt needs. */
export interface Attempt {
  /** Opens transports. */
  readonly dial: Dialer;
  /** Whose time the deadline is in. */
  readonly clock: Clock;
  /** Milliseconds the attempt may take. */
  readonly timeoutMs: number;
  /** Ends the attempt: the client is being closed. */
  readonly signal: AbortSignal;
  /** What to dial: an address and headers may have to be asked for. */
  request(): Promise<Omit<DialRequest, "signal">>;
  /** The transport is open. */
  open(transport: Transport): Session;
}

/**
 * Dial, and wait for the session.
 *
 * A server that cannot refuse by status (a browser could not read it) answers the subprotocol
 * `hl.2.no` and closes with a code; that is waited for.
 *
 * @throws {ConnectError} `TimedOut`, `Cancelled`, or what the dialer or the server says.
 */
export function dialSession(
  { dial, clock, timeoutMs, signal, request, open }: Attempt,
): Promise<Session> {
  const attempt = new AbortController();
  return interruptible((resolve, reject) => {
    const { signal } = attempt;
    request().then((asked) => {
      signal.throwIfAborted();
      return dial({ ...asked, signal }, (transport, { protocol }) => {
        if (!signal.aborted && protocol !== REFUSED) {
          const session = open(transport);
          resolve(session);
          return session;
        }
        onAbort(signal, () => transport.terminate());
        return {
          onMessage() {},
          onClose(info) {
            if (!signal.aborted) reject(refusal(info, "BadHandshake"));
          },
        };
      });
    }).catch(reject);
    return () => {};
  }, {
    clock,
    signal,
    timeoutMs,
    error(code) {
      const error = code === "Cancelled" ? cancelled(signal.reason) : new ConnectError(
        "TimedOut",
        `The handshake did not finish within ${timeoutMs} ms`,
      );
      attempt.abort(error);
      return error;
    },
  });
}

/** The attempt ended because its client did. */
export function cancelled(cause: unknown): ConnectError {
  return new ConnectError("Cancelled", "The attempt to connect was cancelled", { cause });
}
