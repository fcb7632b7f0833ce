/**
 * Dialling with the standard `WebSocket`, as browsers have it.
 *
 * @module
 */

import { ConnectError } from "../wire/errors.ts";
import { ALIAS, levelToken, REFUSED } from "../wire/handshake.ts";
import type {
  Dialed,
  Dialer,
  DialRequest,
  Transport,
  TransportListener,
} from "../wire/transport.ts";
import { abortError } from "./dial_errors.ts";
import { truncateReason } from "./frames.ts";
import { Guard } from "./guard.ts";

class BrowserTransport implements Transport {
  readonly #socket: WebSocket;
  readonly guard: Guard;

  constructor(socket: WebSocket, maxMessageBytes: number) {
    this.#socket = socket;
    this.guard = new Guard(maxMessageBytes, (code, reason) => this.#close(code, reason));
  }

  get bufferedAmount(): number {
    return this.guard.ended ? 0 : this.#socket.bufferedAmount;
  }

  send(message: Uint8Array<ArrayBuffer>): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(message);
  }

  close(code: number, reason: string): void {
    if (!this.guard.ended) this.#close(code, reason);
  }

  /** The standard has no hard stop: the owner is told at once, the socket closes as it can. */
  terminate(): void {
    if (this.guard.ended) return;
    this.guard.end({ code: 1006, reason: "Terminated" });
    this.#socket.close();
  }

  #close(code: number, reason: string): void {
    this.#socket.close(closeCode(code), truncateReason(reason));
  }
}

/**
 * Open a connection that speaks `hl.2`.
 *
 * The answer's headers cannot be read: {@linkcode Dialed.level} is `undefined`. There are no pings
 * either: `idleTimeoutMs` has no effect, the server's pings find dead connections.
 *
 * @throws {TypeError} If `headers` or `tls` are given: a `WebSocket` cannot honour them.
 */
export const dial: Dialer = async (
  request: DialRequest,
  open: (transport: Transport, dialed: Dialed) => TransportListener,
): Promise<void> => {
  if (request.headers !== undefined && Object.keys(request.headers).length > 0) {
    throw new TypeError("Cannot send headers: a WebSocket of the browser has no way to");
  }
  if (request.tls !== undefined) {
    throw new TypeError("Cannot choose whom to trust: that is the browser's decision");
  }
  const { signal } = request;
  if (signal.aborted) throw abortError(signal);
  const socket = new WebSocket(request.url, [ALIAS, levelToken(request.level), REFUSED]);
  socket.binaryType = "arraybuffer";
  await new Promise<void>((resolve, reject) => {
    const transport = new BrowserTransport(socket, request.maxMessageBytes);
    const { guard } = transport;
    const giveUp = (error: ConnectError): void => {
      signal.removeEventListener("abort", onAbort);
      socket.onopen = socket.onclose = null;
      socket.close();
      reject(error);
    };
    const onAbort = (): void => giveUp(abortError(signal));
    signal.addEventListener("abort", onAbort);
    // Handlers are set before `open` is called, and stay: no message falls between two of them.
    socket.onmessage = ({ data }) => {
      if (data instanceof ArrayBuffer) guard.message(new Uint8Array(data));
      else guard.text();
    };
    // An error is always followed by a close.
    socket.onclose = () => giveUp(unreachable(request.url));
    socket.onopen = () => {
      const { protocol } = socket;
      if (protocol !== ALIAS && protocol !== REFUSED) {
        return giveUp(
          new ConnectError("ProtocolMismatch", `The server speaks "${protocol}", not "${ALIAS}"`),
        );
      }
      signal.removeEventListener("abort", onAbort);
      socket.onclose = ({ code, reason }) => guard.end({ code: code || 1006, reason });
      guard.attach(() => open(transport, { protocol, level: undefined }));
      resolve();
    };
  });
};

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
