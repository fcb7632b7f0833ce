/**
 * A WebSocket client of our own (RFC 6455) over `node:net` and `node:tls`, for Deno, Bun and Node.
 *
 * The standard `WebSocket` cannot offer `hl/2`, read the answer's headers or pin a certificate, and makes one
 * system call per message. Here the frames of one turn go out in one write.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";
import { ConnectError } from "../../wire/errors.ts";
import { systemClock } from "../../wire/clock.ts";
import { REFUSED_HEADER } from "../../wire/handshake.ts";
import type {
  Dialed,
  Dialer,
  DialRequest,
  Transport,
  TransportListener,
} from "../../wire/transport.ts";
import { answeredInTls, closedEarly, connectFailure } from "./connect_failure.ts";
import { refusalError } from "../dial_errors.ts";
import { openSocket } from "./connect_socket.ts";
import { type Answer, checkUpgrade, parseAnswer, requestHead } from "../websocket/handshake.ts";
import { RawTransport } from "./transport.ts";

/** Most bytes of a refusal's body that go into the error's message. */
const MAX_REASON_BYTES = 1024;
/** Milliseconds to wait for a refusal's body. */
const REASON_TIMEOUT_MS = 1000;
/** The first byte of a TLS alert, which a TLS server sends in answer to plain text (RFC 8446, section 5.1). */
const TLS_ALERT = 21;

/**
 * Open a connection that speaks `hl/2`. Rejects with {@linkcode ConnectError}; the socket is then destroyed.
 *
 * @throws {TypeError} If the URL, a header or the fingerprint cannot be used.
 */
export const dial: Dialer = async (
  request: DialRequest,
  open: (transport: Transport, dialed: Dialed) => TransportListener,
): Promise<void> => {
  const url = new URL(request.url);
  if (url.protocol !== "wss:" && url.protocol !== "ws:") {
    throw new TypeError(`Cannot dial "${url.protocol}": a URL of ws: or wss: is needed`);
  }
  const key = randomBytes(16).toString("base64");
  const head = requestHead(url, request, key);
  const socket = await openSocket(url, request);
  await upgrade(socket, { url, head, key, signal: request.signal }, (dialed, rest) => {
    const { extension } = dialed;
    const transport = new RawTransport("client", socket, request, systemClock, extension);
    transport.start(open(transport, dialed), rest);
  });
};

interface UpgradeRequest extends Pick<DialRequest, "signal"> {
  readonly url: URL;
  /** The request's head. */
  readonly head: string;
  /** Its `Sec-WebSocket-Key`. */
  readonly key: string;
}

/** Upgrade. `onUpgraded` is called in the turn of the answer, so that no byte behind it is lost. */
function upgrade(
  socket: Socket,
  { url, head, key, signal }: UpgradeRequest,
  onUpgraded: (dialed: Dialed, rest: Uint8Array) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let received: Buffer = Buffer.alloc(0);
    let reasonBytes = 0;
    let refusal: (() => ConnectError) | undefined;
    let reasonTimer: ReturnType<typeof setTimeout> | undefined;

    const detach = (): void => {
      clearTimeout(reasonTimer);
      signal.removeEventListener("abort", onAbort);
      socket.off("data", onData);
      socket.off("end", onEnd);
      socket.off("close", onEnd);
      socket.off("error", onError);
    };
    const fail = (error: unknown): void => {
      detach();
      socket.destroy();
      reject(error);
    };
    const onAbort = (): void => fail(signal.reason);
    const onError = (error: Error): void => fail(connectFailure(url, error, false));
    const onEnd = (): void => fail(refusal?.() ?? closedEarly(url));
    const accept = ({ headers, rest }: Answer): void => {
      const dialed = checkUpgrade(headers, key);
      if (dialed instanceof ConnectError) return fail(ofAddress(url, dialed));
      detach();
      try {
        onUpgraded(dialed, rest);
        resolve();
      } catch (error) {
        socket.destroy();
        reject(error);
      }
    };
    const onData = (chunk: Uint8Array): void => {
      received = received.length === 0 ? Buffer.from(chunk) : Buffer.concat([received, chunk]);
      if (refusal === undefined) {
        if (received[0] === TLS_ALERT && url.protocol === "ws:") return fail(answeredInTls(url));
        const answer = parseAnswer(received);
        if (answer === "partial") return;
        if (answer instanceof ConnectError) return fail(ofAddress(url, answer));
        const { status, headers } = answer;
        if (status === 101) return accept(answer);
        received = answer.rest;
        const length = Number(headers.get("content-length") ?? 0);
        reasonBytes = Math.min(MAX_REASON_BYTES, Number.isSafeInteger(length) ? length : 0);
        refusal = () =>
          refusalError(
            url.host + url.pathname,
            status,
            headers.get(REFUSED_HEADER),
            received.toString("utf8", 0, Math.min(received.length, reasonBytes)),
          );
        reasonTimer = setTimeout(onEnd, REASON_TIMEOUT_MS);
      }
      if (received.length >= reasonBytes) fail(refusal());
    };

    // One turn has passed since the socket connected.
    if (signal.aborted) return onAbort();
    if (socket.destroyed) return onEnd();
    signal.addEventListener("abort", onAbort);
    socket.on("data", onData);
    socket.on("end", onEnd);
    socket.on("close", onEnd);
    socket.on("error", onError);
    socket.write(head, "latin1");
  });
}

/** The error for an answer that is not a valid upgrade. */
function ofAddress({ host, pathname }: URL, { code, message, status }: ConnectError): ConnectError {
  return new ConnectError(code, `Cannot connect to ${host}${pathname}: ${message}`, { status });
}
