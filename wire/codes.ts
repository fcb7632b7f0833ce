/**
 * The codes of refusals: one table for the server's answers, the client's errors, and the tests of the tables in
 * docs/errors.md and PROTOCOL.md.
 *
 * Whether a retry can succeed is what the status says. The texts stand in `server/refusal.ts`: one code has several.
 * Only literals, so that a page loads only those it uses.
 *
 * @module
 */
import type { CloseCode } from "./close.ts";
import type { ConnectErrorCode } from "./errors.ts";

/** A kind of refusal. */
export interface RefusalCodes {
  /** HTTP status, for clients that can read it. From 500 on, a retry can succeed. */
  readonly status: number;
  /** The close code for other clients. */
  readonly closeCode: CloseCode;
}

/** The codes a server refuses with. */
export type RefusalCode =
  & ConnectErrorCode
  & (
    | "ProtocolMismatch"
    | "TooBusy"
    | "OriginRefused"
    | "SchemaMismatch"
    | "Unauthorized"
    | "BadHandshake"
  );

/** A server's refusals by close code: the code that the client reports, and the HTTP status: from 500 on, try again. */
export const REFUSED: Readonly<Record<number, readonly [code: RefusalCode, status: number]>> = {
  4002: ["ProtocolMismatch", 400],
  4010: ["SchemaMismatch", 400],
  4011: ["BadHandshake", 500],
  4013: ["TooBusy", 503],
  4401: ["Unauthorized", 401],
  4403: ["OriginRefused", 403],
};

/** {@linkcode REFUSED}, by the code that the client reports. */
export const REFUSALS: Readonly<Record<RefusalCode, RefusalCodes>> = /* @__PURE__ */ Object
  .fromEntries(
    /* @__PURE__ */ Object.entries(REFUSED).map((
      [closeCode, [code, status]],
    ) => [code, { status, closeCode: Number(closeCode) as CloseCode }]),
  ) as Record<RefusalCode, RefusalCodes>;
