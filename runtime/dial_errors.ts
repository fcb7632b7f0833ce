/**
 * What a refused dial is reported as, whichever dialer was refused.
 *
 * @module
 */

import { ConnectError } from "../wire/errors.ts";
import type { ConnectErrorCode } from "../wire/errors.ts";

/** Codes that a server may name in its refusal. */
const REFUSALS: ReadonlySet<string> = new Set<ConnectErrorCode>([
  "BadHandshake",
  "ProtocolMismatch",
  "SchemaMismatch",
  "Unauthorized",
  "OriginRefused",
  "TooBusy",
]);

/** An answer that is not 101. `refused` is its `x-hl-refused` header, `body` the start of its body. */
export function refusalError(
  status: number,
  refused: string | null | undefined,
  body = "",
): ConnectError {
  const message = `The server answered with status ${status}${body === "" ? "" : `: ${body}`}`;
  return new ConnectError(refusalCode(status, refused ?? ""), message, { status });
}

function refusalCode(status: number, refused: string): ConnectErrorCode {
  if (REFUSALS.has(refused)) return refused as ConnectErrorCode;
  if (status === 401 || status === 403) return "Unauthorized";
  return status === 503 ? "TooBusy" : "BadHandshake";
}
