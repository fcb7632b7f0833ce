/**
 * Dialling with the standard `WebSocket`, as browsers have it.
 *
 * @module
 */
import { CloseCode, tooBigReason } from "../wire/close.ts";
import { ConnectError } from "../wire/errors.ts";
import { ALIAS, levelToken, REFUSED } from "../wire/handshake.ts";
import type {
  Dialed,
  Dialer,
  DialRequest,
  Transport,
  TransportListener,
} from "../wire/transport.ts";
import { truncateReason } from "./frames.ts";

/**
 * Open a connection that speaks `hl.2`.
 *
 * The answer's headers cannot be read: {@linkcode Dialed.level} is `undefined`. There are no pings
 * either: `idleTimeoutMs` has no effect, the server's pings find dead connections. Nor is there a hard
 * stop: after `terminate()` the owner is told at once, and the socket closes as it can.
 *
 * @throws {TypeError} If `headers` or `tls` are given: a `WebSocket` cannot honour them.
 */
export const dial: Dialer = (
  { url, level, headers, tls, maxMessageBytes, signal }: DialRequest,
  open: (transport: Transport, dialed: Dialed) => TransportListener,
): Promise<void> =>
  new Promise((resolve, reject) => {
    if (tls !== undefined || Object.keys(headers ?? {}).length > 0) {
      throw new TypeError("Cannot send headers, or choose whom to trust: the browser does");
    }
    signal.throwIfAborted();
    const socket = new WebSocket(url, [ALIAS, levelToken(level), REFUSED]);
    socket.binaryType = "arraybuffer";
    let listener: TransportListener | undefined;
    const end = (code: number, reason: string): void => {
      const told = listener;
      listener = undefined;
      told?.onClose({ code, reason });
    };
    const close = (code: number, reason: string): void =>
      socket.close(closeCode(code), truncateReason(reason));
    const transport: Transport = {
      close,
      get bufferedAmount() {
        return listener === undefined ? 0 : socket.bufferedAmount;
      },
      send(message) {
        if (socket.readyState === WebSocket.OPEN) socket.send(message);
      },
      terminate() {
        end(1006, "Terminated");
        socket.close();
      },
    };
    const fail = (error: unknown): void => {
      signal.removeEventListener("abort", onAbort);
      reject(error);
      socket.close();
    };
    const onAbort = (): void => fail(signal.reason);
    signal.addEventListener("abort", onAbort);
    // Handlers are set before `open` is called, and stay: no message falls between two of them.
    socket.onmessage = ({ data }) => {
      if (!(data instanceof ArrayBuffer)) listener?.onText?.();
      else if (data.byteLength <= maxMessageBytes) listener?.onMessage(new Uint8Array(data));
      else {
        const reason = tooBigReason(maxMessageBytes);
        close(CloseCode.TooBig, reason);
        end(CloseCode.TooBig, reason);
      }
    };
    // An error is always followed by a close.
    socket.onclose = ({ code, reason }) => {
      fail(unreachable(url));
      end(code || 1006, reason);
    };
    socket.onopen = () => {
      const { protocol } = socket;
      if (signal.aborted) return;
      signal.removeEventListener("abort", onAbort);
      if (protocol !== ALIAS && protocol !== REFUSED) {
        return fail(
          new ConnectError("ProtocolMismatch", `The server speaks "${protocol}", not "${ALIAS}"`),
        );
      }
      try {
        listener = open(transport, { protocol, level: undefined });
        resolve();
      } catch (error) {
        fail(error);
      }
    };
  });

function unreachable(url: string): ConnectError {
  return new ConnectError(
    "Unreachable",
    `Cannot connect to ${
      new URL(url).host
    }: nothing listens there, its certificate is not trusted, it speaks another subprotocol, ` +
      "or the page's policy forbids it (only the console can tell which)",
  );
}

/** A page may send 1000 and 3000 to 4999: another code is sent as its 4000 counterpart. */
function closeCode(code: number): number {
  return code === 1000 || (code >= 3000 && code <= 4999) ? code : 4000 + code % 1000;
}
