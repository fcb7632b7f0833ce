/**
 * {@linkcode connectFailure}: explains a failure before the upgrade, and what to do about it.
 *
 * @module
 */

import { ConnectError } from "../../wire/errors.ts";
import type { ClientTls } from "../../wire/transport.ts";
import { oneLine } from "../dial_errors.ts";

/** System error codes of the network, as opposed to TLS. */
const NETWORK_ERRORS = /^(ECONN|EHOST|ENET|ENOTFOUND|EAI_|ETIMEDOUT|EPIPE|EADDR|EACCES|EPERM)/;

/** Advice by error code; Deno, Bun and Node share these codes. */
const ADVICE: Readonly<Record<string, string>> = {
  ECONNREFUSED: "nothing listens there",
  ENOTFOUND: "no such host is known",
  EAI_AGAIN: "its name cannot be resolved now",
  DEPTH_ZERO_SELF_SIGNED_CERT:
    "its certificate is self-signed: pin it with tls: { fingerprint }, " +
    'its SHA-256 (serve() with tls: "self-signed" has it as "fingerprint"), trust it by tls: { ca }, or accept ' +
    'any, in development, with tls: "self-signed"',
  ERR_SSL_WRONG_VERSION_NUMBER: "it does not speak TLS: connect by ws:, or give the server a " +
    "certificate",
  ERR_TLS_CERT_ALTNAME_INVALID: "its certificate is for other names: connect by one of them, or " +
    'pin it with "tls.fingerprint"',
  CERT_HAS_EXPIRED: "its certificate has expired",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "its certificate is of an unknown authority: give that one's " +
    'in "tls.ca"',
};

const OF_OTHERS = 'its certificate is not in "tls.ca", and was issued by none that is: has the ' +
  "server another one now?";

/** The text for a certificate that no trusted authority has signed. */
const UNTRUSTED =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT.*))$/;

/**
 * Explain why `url` cannot be reached. `secured`: TLS has begun. No `cause`: the connection was closed.
 *
 * @param trust The user's TLS options.
 */
export function connectFailure(
  url: URL,
  cause: unknown,
  secured: boolean,
  trust?: ClientTls,
): ConnectError {
  if (cause === undefined) return closedEarly(url);
  const code = codeOf(cause);
  const isOfOthers = typeof trust === "object" && trust.ca !== undefined && UNTRUSTED.test(code);
  const advice = isOfOthers
    ? OF_OTHERS
    : ADVICE[code] ?? oneLine(cause instanceof Error ? cause.message : String(cause));
  return new ConnectError(
    secured && !NETWORK_ERRORS.test(code) ? "TlsFailed" : "Unreachable",
    `Cannot connect to ${url.host}: ${advice}`,
    { cause },
  );
}

/** The peer of a `ws:` URL answered with a TLS record. */
export function answeredInTls(url: URL): ConnectError {
  return new ConnectError(
    "BadHandshake",
    `Cannot connect to ${url.host}: it speaks TLS, so connect by wss:`,
  );
}

/** The peer closed the connection without an answer. */
export function closedEarly(url: URL): ConnectError {
  const advice = url.protocol === "ws:" ? ": if it speaks TLS, connect by wss:" : "";
  return new ConnectError(
    "Unreachable",
    `Cannot connect to ${url.host}: it closed without an answer${advice}`,
  );
}

function codeOf(error: unknown): string {
  if (typeof error !== "object" || error === null || !("code" in error)) return "";
  return typeof error.code === "string" ? error.code : "";
}
