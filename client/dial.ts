/**
 * {@linkcode dialSession}: one attempt to connect, within its deadline.
 *
 * @module
 */
import { CloseCode } from "../wire/close.ts";
import { ConnectError, type ConnectErrorCode } from "../wire/errors.ts";
import { REFUSED } from "../wire/handshake.ts";
import type {
  CloseInfo,
  Dialer,
  DialRequest,
  Transport,
  TransportListener,
} from "../wire/transport.ts";
import { onAbort } from "./bounded_iterator.ts";
import type { Clock } from "../wire/clock.ts";
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
export function dialSession(attempt: Attempt): Promise<Session> {
  const { dial, clock, timeoutMs, signal } = attempt;
  const controller = new AbortController();
  return new Promise<Session>((resolve, reject) => {
    let settled = false;
    const settle = (): void => {
      settled = true;
      forget();
      clock.clear(timer);
    };
    const succeed = (session: Session): void => {
      settle();
      resolve(session);
    };
    const fail = (error: unknown): void => {
      if (settled) return;
      settle();
      reject(error);
    };
    const giveUp = (error: ConnectError, reason: unknown): void => {
      fail(error);
      controller.abort(reason);
    };
    const open = (transport: Transport, { protocol }: { readonly protocol: string }) => {
      if (settled) return hangUp(transport);
      if (protocol === REFUSED) return awaitRefusal(transport, controller.signal, fail);
      const session = attempt.open(transport);
      succeed(session);
      return session;
    };
    const timer = clock.after(timeoutMs, () =>
      giveUp(
        new ConnectError("TimedOut", `The handshake did not finish within ${timeoutMs} ms`),
        new DOMException("The handshake did not finish in time", "TimeoutError"),
      ));
    let forget = (): void => {};
    forget = onAbort(signal, () =>
      giveUp(
        new ConnectError("Cancelled", "The attempt to connect was cancelled", {
          cause: signal.reason,
        }),
        signal.reason,
      ));
    if (settled) return;
    attempt.request()
      .then((request) =>
        settled ? undefined : dial({ ...request, signal: controller.signal }, open)
      )
      .catch(fail);
  });
}

function hangUp(transport: Transport): TransportListener {
  transport.terminate();
  return { onMessage() {}, onClose() {} };
}

function awaitRefusal(
  transport: Transport,
  signal: AbortSignal,
  fail: (error: ConnectError) => void,
): TransportListener {
  const forget = onAbort(signal, () => transport.terminate());
  return {
    onMessage() {},
    onClose(info) {
      forget();
      fail(closedError(info) ?? new ConnectError("BadHandshake", describe(info)));
    },
  };
}

const REFUSALS: Readonly<Record<number, ConnectErrorCode>> = {
  [CloseCode.SchemaMismatch]: "SchemaMismatch",
  [CloseCode.Unauthorized]: "Unauthorized",
  [CloseCode.OriginRefused]: "OriginRefused",
  [CloseCode.TooBusy]: "TooBusy",
};

/** What a server means by its close code, if that says why it does not want this client. */
export function closedError(info: CloseInfo): ConnectError | undefined {
  const code = REFUSALS[info.code];
  return code === undefined ? undefined : new ConnectError(code, describe(info));
}

function describe({ code, reason }: CloseInfo): string {
  return `The server refused the connection with ${code}${reason === "" ? "" : `: ${reason}`}`;
}
