/**
 * Refusals of connections, for clients that can read an HTTP answer and for those that cannot.
 *
 * @module
 */
import { type RefusalCode, REFUSALS } from "../wire/codes.ts";
import {
  type Fingerprint,
  FINGERPRINT_QUERY,
  type FingerprintPart,
  formatFingerprint,
  MIN_RECEIVES_BYTES,
  RECEIVES_QUERY,
  REFUSAL_TOKEN,
  REFUSED_HEADER,
} from "../wire/handshake.ts";
import type { TransportListener, Upgrade } from "../wire/transport.ts";

/** Why a connection is refused. */
export interface Refusal {
  /** The code that the client reports. */
  readonly code: RefusalCode;
  /** The reason as text. */
  readonly reason: string;
}

const IGNORE: TransportListener = { onMessage() {}, onClose() {} };

/** A refusal as an HTTP answer: the code in a header, the reason as text. */
export function refuseByResponse({ code, reason }: Refusal): Response {
  return new Response(`${reason}\n`, {
    status: REFUSALS[code].status,
    headers: { "content-type": "text/plain; charset=utf-8", [REFUSED_HEADER]: code },
  });
}

/** A refusal as a connection that ends at once: for clients that cannot read an HTTP refusal. */
export function refuseByClose({ code, reason }: Refusal): Upgrade {
  return {
    protocol: REFUSAL_TOKEN,
    headers: {},
    open(transport): TransportListener {
      transport.close(REFUSALS[code].closeCode, reason);
      return IGNORE;
    },
  };
}

/** `hl-max` is invalid. */
export const BAD_RECEIVES: Refusal = {
  code: "ProtocolMismatch",
  reason:
    `Cannot read ${RECEIVES_QUERY} of the URL: expected <maxMessageBytes>.<maxInflatedBytes>, ` +
    `each at least ${MIN_RECEIVES_BYTES}`,
};
/** `hl` is invalid. */
export const BAD_FINGERPRINT: Refusal = {
  code: "ProtocolMismatch",
  reason:
    `Cannot read ${FINGERPRINT_QUERY} of the URL: expected <methods>.<state>.<events>, 16 digits of ` +
    "0-9a-f each",
};
/**
 * The client's service differs from ours. The refusal carries our fingerprint, by which the client finds out
 * whether it is newer.
 */
export function otherService(differing: readonly FingerprintPart[], ours: Fingerprint): Refusal {
  // A close has room for 123 bytes.
  const reason = `The services differ in ${differing.join(", ")}; server ${
    formatFingerprint(ours)
  }`;
  return { code: "SchemaMismatch", reason };
}
/** The server is full. */
export const TOO_BUSY: Refusal = { code: "TooBusy", reason: "The server is full or going away" };
/** An internal error, which is reported to `onError`. */
export const FAILED: Refusal = { code: "BadHandshake", reason: "The server failed" };
/** See `hosts`. */
export const WRONG_HOST: Refusal = {
  code: "OriginRefused",
  reason: "This server does not answer to that host",
};
/** See `origins`. */
export const WRONG_ORIGIN: Refusal = {
  code: "OriginRefused",
  reason: "This origin is not allowed",
};
/** See `authorize`. */
export const UNAUTHORIZED: Refusal = {
  code: "Unauthorized",
  reason: "The request was not authorized",
};
