/**
 * The way from a URL to an upgraded socket: TCP, TLS, the certificate's pin, the HTTP upgrade.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { createHash, randomBytes } from "node:crypto";
import net from "node:net";
import tls from "node:tls";
import { ConnectError } from "../wire/errors.ts";
import { REFUSED_HEADER } from "../wire/handshake.ts";
import type { ClientTls, Dialed, DialRequest } from "../wire/transport.ts";
import { refusalError } from "./dial_errors.ts";
import { checkUpgrade, parseAnswer, requestHead } from "./raw_handshake.ts";

/** Bytes of a refusal's body that go into the error's message. */
const MAX_REASON_BYTES = 1024;
/** How long a refusal's body is waited for, in milliseconds. */
const REASON_TIMEOUT_MS = 1000;

/** System errors that say that the network failed, not TLS. */
const NETWORK_ERRORS = /^(ECONN|EHOST|ENET|ENOTFOUND|EAI_|ETIMEDOUT|EPIPE|EADDR|EACCES|EPERM)/;

/** Told once the socket is a WebSocket; `rest` came after the answer's head. */
export type OnUpgraded = (socket: net.Socket, dialed: Dialed, rest: Uint8Array) => void;

/**
 * Connect and upgrade. `onUpgraded` is called in the turn in which the answer came, so that no byte
 * is lost. Rejects with {@linkcode ConnectError}, and then the socket is gone.
 */
export function openWebSocket(request: DialRequest, onUpgraded: OnUpgraded): Promise<void> {
  const url = new URL(request.url);
  const secure = url.protocol === "wss:";
  if (!secure && url.protocol !== "ws:") {
    throw new TypeError(`Cannot dial "${url.protocol}": a URL of ws: or wss: is needed`);
  }
  const key = randomBytes(16).toString("base64");
  const head = requestHead(url, request, key);
  const { signal } = request;
  const pin = secure ? fingerprintOf(request.tls) : undefined;

  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    let received: Buffer = Buffer.alloc(0);
    let stage: "connect" | "answer" | "reason" = "connect";
    let reasonBytes = 0;
    let refusal: (() => ConnectError) | undefined;
    let reasonTimer: ReturnType<typeof setTimeout> | undefined;
    const socket = connectTo(url, secure, request.tls);

    const detach = (): void => {
      clearTimeout(reasonTimer);
      signal.removeEventListener("abort", onAbort);
      socket.off(secure ? "secureConnect" : "connect", onConnected);
      socket.off("data", onData);
      socket.off("end", onEnd);
      socket.off("close", onEnd);
      socket.off("error", onError);
    };
    const fail = (error: unknown): void => {
      detach();
      // A late error must find somebody listening.
      socket.on("error", () => {});
      socket.destroy();
      reject(error);
    };
    const onAbort = (): void => fail(signal.reason);
    const onError = (error: NodeJS.ErrnoException): void => {
      const code = secure && stage === "connect" && !NETWORK_ERRORS.test(error.code ?? "")
        ? "TlsFailed"
        : "Unreachable";
      fail(
        new ConnectError(code, `Cannot connect to ${url.host}: ${error.message}`, { cause: error }),
      );
    };
    const onEnd = (): void => {
      if (refusal !== undefined) return fail(refusal());
      fail(
        new ConnectError(
          "Unreachable",
          `Cannot connect to ${url.host}: it closed without an answer`,
        ),
      );
    };
    const onConnected = (): void => {
      if (pin !== undefined && pin !== peerFingerprint(socket)) {
        return fail(
          new ConnectError("TlsFailed", `Cannot trust ${url.host}: another certificate is pinned`),
        );
      }
      stage = "answer";
      socket.setNoDelay(true);
      socket.write(head, "latin1");
    };
    const onData = (chunk: Uint8Array): void => {
      received = received.length === 0 ? Buffer.from(chunk) : Buffer.concat([received, chunk]);
      if (stage === "answer") {
        const answer = parseAnswer(received);
        if (answer === "partial") return;
        if (answer instanceof ConnectError) return fail(answer);
        const { status, headers } = answer;
        if (status === 101) {
          const dialed = checkUpgrade(headers, key);
          if (dialed instanceof ConnectError) return fail(dialed);
          detach();
          try {
            onUpgraded(socket, dialed, answer.rest);
            return resolve();
          } catch (error) {
            socket.on("error", () => {});
            socket.destroy();
            return reject(error);
          }
        }
        stage = "reason";
        received = answer.rest;
        const length = Number(headers.get("content-length") ?? 0);
        reasonBytes = Math.min(MAX_REASON_BYTES, Number.isSafeInteger(length) ? length : 0);
        refusal = () =>
          refusalError(
            status,
            headers.get(REFUSED_HEADER),
            received.toString("utf8", 0, Math.min(received.length, reasonBytes)),
          );
        reasonTimer = setTimeout(onEnd, REASON_TIMEOUT_MS);
      }
      if (refusal !== undefined && received.length >= reasonBytes) fail(refusal());
    };

    signal.addEventListener("abort", onAbort);
    socket.on(secure ? "secureConnect" : "connect", onConnected);
    socket.on("data", onData);
    socket.on("end", onEnd);
    socket.on("close", onEnd);
    socket.on("error", onError);
  });
}

function connectTo(url: URL, secure: boolean, trust: ClientTls | undefined): net.Socket {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const port = Number(url.port || (secure ? 443 : 80));
  if (!secure) return net.connect({ host, port });
  const options: tls.ConnectionOptions = { host, port, ALPNProtocols: ["http/1.1"] };
  // An address is no server name (RFC 6066, section 3).
  if (net.isIP(host) === 0) options.servername = host;
  if (trust === "self-signed") {
    options.rejectUnauthorized = false;
  } else if (trust?.ca !== undefined) {
    options.ca = trust.ca;
  } else if (trust?.fingerprint !== undefined) {
    // The pin is the trust; the handshake still proves that the peer holds the certificate's key.
    options.rejectUnauthorized = false;
  }
  return tls.connect(options);
}

function fingerprintOf(trust: ClientTls | undefined): string | undefined {
  if (trust === undefined || trust === "self-signed" || trust.fingerprint === undefined) {
    return undefined;
  }
  const digits = trust.fingerprint.replaceAll(":", "").toLowerCase();
  if (!/^[0-9a-f]{64}$/.test(digits)) {
    throw new TypeError("Cannot pin the certificate: a fingerprint is 64 hex digits");
  }
  return digits;
}

function peerFingerprint(socket: net.Socket): string | undefined {
  if (!(socket instanceof tls.TLSSocket)) return undefined;
  const raw: Uint8Array | undefined = socket.getPeerCertificate().raw;
  return raw === undefined ? undefined : createHash("sha256").update(raw).digest("hex");
}
