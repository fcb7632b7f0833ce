/**
 * The errors of a refused dial, for all dialers.
 *
 * @module
 */

import { REFUSALS } from "../wire/codes.ts";
import { ConnectError } from "../wire/errors.ts";
import type { ConnectErrorCode } from "../wire/errors.ts";

/**
 * An answer that is not 101. `refused` is its `x-hl-refused` header, `body` the start of its body.
 */
export function refusalError(
  address: string,
  status: number,
  refused: string | null | undefined,
  body = "",
): ConnectError {
  const told = oneLine(body);
  const elsewhere = !refused && [200, 400, 404, 405, 426].includes(status);
  const advice = elsewhere ? " (is the service at this address and path?)" : "";
  return new ConnectError(
    refusalCode(status, refused ?? ""),
    `Cannot connect to ${address}: it answered with status ${status}${
      told && `: ${told}`
    }${advice}`,
    { status },
  );
}

/** Text from a peer or a library, as one line. */
export function oneLine(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\x00-\x20\x7f]+/g, " ").trim();
}

function refusalCode(status: number, refused: string): ConnectErrorCode {
  if (Object.hasOwn(REFUSALS, refused)) return refused as ConnectErrorCode;
  if (status === 401 || status === 403) return "Unauthorized";
  return status === 503 ? "TooBusy" : "BadHandshake";
}
