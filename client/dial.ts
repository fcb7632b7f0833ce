/**
 * {@linkcode dialSession}: one attempt to connect, within its deadline.
 *
 * @module
 */
import { ConnectError } from "../wire/errors.ts";
import type { Extension } from "../wire/handshake.ts";
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
  signal: AbortSignal,
  address: () => Promise<string>,
  open: (transport: ClientTransport, extension: Extension) => Session,
): Promise<Session> {
  const { dial, level, limits: { handshakeTimeoutMs } } = parts;
  return interruptible(
    parts,
    (resolve, reject) => {
      let isOver = false;
      let stop: (() => void) | undefined;
      address().then((url) => {
        if (isOver) return;
        stop = dial(
          url,
          level,
          (transport, extension) => {
            const session = open(transport, extension);
            stop = undefined;
            resolve(session);
            return session;
          },
          reject,
          (info) => reject(refusal(info, "BadHandshake")),
        );
      }).catch(reject);
      return () => {
        isOver = true;
        stop?.();
      };
    },
    (code, why) =>
      code === "Cancelled"
        ? cancelled(signal)
        : new ConnectError("TimedOut", `Cannot connect: ${why}`),
    signal,
    handshakeTimeoutMs,
  );
}

/** The attempt ended because its client did. */
export function cancelled({ reason }: AbortSignal): ConnectError {
  return new ConnectError("Cancelled", "The client was closed", { cause: reason });
}
