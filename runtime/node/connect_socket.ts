/**
 * Opens a socket that is ready for the upgrade: TCP, TLS, certificate pin.
 *
 * @module
 */

import { createHash } from "node:crypto";
import net from "node:net";
import tls from "node:tls";
import { ConnectError } from "../../wire/errors.ts";
import type { ClientTls, DialRequest } from "../../wire/transport.ts";
import { connectFailure } from "./connect_failure.ts";
import { runtimeName } from "../detect.ts";
import { intoBuffer } from "./read_buffer.ts";

/** Connect to `url`. Rejects with {@linkcode ConnectError}; the socket is then destroyed. */
export function openSocket(
  url: URL,
  { tls: trust, signal }: Pick<DialRequest, "tls" | "signal">,
): Promise<net.Socket> {
  const secure = url.protocol === "wss:";
  const pin = pinOf(trust);
  if (!secure && typeof trust === "object") {
    throw new TypeError(
      `Cannot use "tls" with ws://${url.host}: a ws: URL checks no certificate, so use wss:`,
    );
  }
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const host = url.hostname.replace(/^\[|\]$/g, "");
    const port = Number(url.port || (secure ? 443 : 80));
    // TLS reads its socket as a stream. Bun would copy from a chunk of its own, of up to 512 KiB.
    const onread = secure || runtimeName() === "bun" ? undefined : intoBuffer(() => tcp);
    const tcp: net.Socket = net.connect(
      onread === undefined ? { host, port } : { host, port, onread },
    );
    let socket: net.Socket = tcp;
    const detach = (): void => {
      signal.removeEventListener("abort", onAbort);
      tcp.off("connect", onConnect);
      for (const each of [tcp, socket]) {
        each.off("error", onError);
        each.off("close", onClose);
        // A late error without a listener would end the process.
        each.on("error", ignore);
      }
      socket.off("secureConnect", onSecure);
    };
    const fail = (reason: unknown): void => {
      detach();
      socket.destroy();
      tcp.destroy();
      reject(reason);
    };
    const succeed = (): void => {
      detach();
      resolve(socket);
    };
    const onAbort = (): void => fail(signal.reason);
    const onError = (error: Error): void => fail(connectFailure(url, error, socket !== tcp, trust));
    const onClose = (): void => fail(connectFailure(url, undefined, socket !== tcp));
    const onConnect = (): void => {
      tcp.setNoDelay(true);
      if (!secure) return succeed();
      try {
        // Not `tls.connect({ host, port })`: Deno leaks failed connections there.
        socket = tls.connect(tlsOptions(tcp, host, trust));
      } catch (error) {
        return fail(connectFailure(url, error, true, trust));
      }
      socket.on("error", onError);
      socket.on("close", onClose);
      socket.on("secureConnect", onSecure);
    };
    const onSecure = (): void => {
      if (pin === undefined || pin === peerFingerprint(socket)) return succeed();
      fail(
        new ConnectError("TlsFailed", `Cannot trust ${url.host}: another certificate is pinned`),
      );
    };
    signal.addEventListener("abort", onAbort);
    tcp.on("connect", onConnect);
    tcp.on("error", onError);
    tcp.on("close", onClose);
  });
}

/** One function for all sockets: a closure would retain the attempt as long as the socket lives. */
function ignore(): void {}

function tlsOptions(
  socket: net.Socket,
  host: string,
  trust: ClientTls | undefined,
): tls.ConnectionOptions {
  const options: tls.ConnectionOptions = { socket, host, ALPNProtocols: ["http/1.1"] };
  // An address is no server name (RFC 6066, section 3).
  if (net.isIP(host) === 0) options.servername = host;
  if (trust === "self-signed") {
    options.rejectUnauthorized = false;
  } else if (trust?.ca !== undefined) {
    options.ca = trust.ca;
  } else if (trust?.fingerprint !== undefined) {
    // The pin replaces the trust check; the handshake still proves that the peer holds the key.
    options.rejectUnauthorized = false;
  }
  return options;
}

function pinOf(trust: ClientTls | undefined): string | undefined {
  if (trust === undefined || trust === "self-signed") return undefined;
  const { ca, fingerprint } = trust;
  if (ca !== undefined && !ca.includes("-----BEGIN CERTIFICATE-----")) {
    throw new TypeError('Cannot use "tls.ca": expected certificates in PEM');
  }
  if (fingerprint === undefined) return undefined;
  const digits = fingerprint.replaceAll(":", "").toLowerCase();
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
