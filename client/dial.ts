/**
 * {@linkcode dialSession}: one attempt to connect, within its deadline.
 *
 * @module
 */
import type { Clock } from "../wire/clock.ts";
import { CloseCode } from "../wire/close.ts";
import { type RefusalCode, REFUSALS } from "../wire/codes.ts";
import { ConnectError } from "../wire/errors.ts";
import { REFUSED } from "../wire/handshake.ts";
import type {
  CloseInfo,
  Dialer,
  DialRequest,
  Transport,
  TransportListener,
} from "../wire/transport.ts";
import { Cleanup, onAbort } from "./cleanup.ts";
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
  const cleanup = new Cleanup();
  return new Promise<Session>((resolve, reject) => {
    const giveUp = (error: unknown): void => {
      reject(error);
      attempt.abort(error);
    };
    const timer = clock.after(
      timeoutMs,
      () =>
        giveUp(
          new ConnectError("TimedOut", `The handshake did not finish within ${timeoutMs} ms`),
        ),
    );
    cleanup.add(() => clock.clear(timer));
    cleanup.add(onAbort(signal, () => giveUp(cancelled(signal.reason))));
    request().then(async (asked) => {
      if (attempt.signal.aborted) return;
      await dial({ ...asked, signal: attempt.signal }, (transport, { protocol }) => {
        if (attempt.signal.aborted || protocol === REFUSED) {
          return awaitRefusal(transport, attempt.signal, giveUp);
        }
        const session = open(transport);
        resolve(session);
        return session;
      });
    }).catch(giveUp);
  }).finally(() => cleanup.run());
}

/** The attempt ended because its client did. */
export function cancelled(cause: unknown): ConnectError {
  return new ConnectError("Cancelled", "The attempt to connect was cancelled", { cause });
}

function awaitRefusal(
  transport: Transport,
  signal: AbortSignal,
  giveUp: (error: ConnectError) => void,
): TransportListener {
  const forget = onAbort(signal, () => transport.terminate());
  return {
    onMessage() {},
    onClose(info) {
      forget();
      giveUp(refusalBy(info) ?? new ConnectError("BadHandshake", describe(info)));
    },
  };
}

/**
 * What a server means by its close code, if that says why it does not want this client. Of a connection
 * that was open: a server that failed, or found a message amiss, may be tried again.
 */
export function closedError(info: CloseInfo): ConnectError | undefined {
  const { code } = info;
  return code === CloseCode.Protocol || code === CloseCode.Internal ? undefined : refusalBy(info);
}

function refusalBy(info: CloseInfo): ConnectError | undefined {
  for (const [code, { status, closeCode }] of Object.entries(REFUSALS)) {
    if (closeCode === info.code) {
      return new ConnectError(code as RefusalCode, describe(info), { status });
    }
  }
  return undefined;
}

function describe({ code, reason }: CloseInfo): string {
  return `The server refused the connection with ${code}${reason && `: ${reason}`}`;
}
