/**
 * {@linkcode connectFailure}: what went wrong before the upgrade, and what to do about it.
 *
 * @module
 */

import { ConnectError } from "../../wire/errors.ts";
import type { ClientTls } from "../../wire/transport.ts";
import { oneLine } from "../dial_errors.ts";

/** System errors that say that the network failed, not TLS. */
const NETWORK_ERRORS = /^(ECONN|EHOST|ENET|ENOTFOUND|EAI_|ETIMEDOUT|EPIPE|EADDR|EACCES|EPERM)/;

/** What to do, by the code that Deno, Bun and Node have in common. */
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

/** What is said of a certificate that nobody vouches for who is trusted. */
const UNTRUSTED =
  /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT.*))$/;

/**
 * Why there is no connection to `url`. `secured` once TLS has begun; no `cause`: it was closed.
 *
 * @param trust Whom the user trusts.
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

/** The peer of a `ws:` URL answered with a record of TLS. */
export function answeredInTls(url: URL): ConnectError {
  return new ConnectError(
    "BadHandshake",
    `Cannot connect to ${url.host}: it speaks TLS, so connect by wss:`,
  );
}

/** The peer hung up before it had said anything. */
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
