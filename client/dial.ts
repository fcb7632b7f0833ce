/**
 * {@linkcode dialSession}: one attempt to connect, within its deadline.
 *
 * @module
 */
import { NORMAL } from "../wire/close.ts";
import { ConnectError } from "../wire/errors.ts";
import { REFUSED } from "../wire/handshake.ts";
import { refusal } from "./failures.ts";
import type { ClientParts, ClientTransport } from "./parts.ts";
import type { Session } from "./session.ts";
import { interruptible } from "./waiting.ts";

/**
 * Dial, and wait for the session.
 *
 * A server that cannot refuse by status (a browser could not read it) answers the subprotocol
 * `hl.2.no` and closes with a code; that is waited for.
 *
 * @param signal Ends the attempt: the client is being closed.
 * @param address What to dial: it may have to be asked for.
 * @param open The transport is open.
 * @throws {ConnectError} `TimedOut`, `Cancelled`, or what the dialer or the server says.
 */
export function dialSession(
  parts: ClientParts,
  client: AbortSignal,
  address: () => Promise<string>,
  open: (transport: ClientTransport) => Session,
): Promise<Session> {
  const { dial, level, onAbort, limits: { handshakeTimeoutMs } } = parts;
  const attempt = new AbortController();
  const { signal } = attempt;
  return interruptible(
    parts,
    (resolve, reject) => {
      address().then((url) => {
        signal.throwIfAborted();
        return dial({ url, level, signal }, (transport, { protocol }) => {
          if (!signal.aborted && protocol !== REFUSED) {
            const session = open(transport);
            resolve(session);
            return session;
          }
          onAbort(signal, () => transport.terminate?.());
          // One that refuses has closed by now, and its code counts; another server would say nothing.
          transport.close(NORMAL, "");
          return {
            onMessage() {},
            onClose(info) {
              if (!signal.aborted) reject(refusal(info, "BadHandshake"));
            },
          };
        });
      }).catch(reject);
      return () => {};
    },
    (code) => {
      const error = code === "Cancelled" ? cancelled(client) : new ConnectError(
        "TimedOut",
        `The handshake did not finish within ${handshakeTimeoutMs} ms`,
      );
      attempt.abort(error);
      return error;
    },
    client,
    handshakeTimeoutMs,
  );
}

/** The attempt ended because its client did. */
export function cancelled({ reason }: AbortSignal): ConnectError {
  return new ConnectError("Cancelled", "The client was closed", { cause: reason });
}
