/**
 * All codes, one table per kind: for the server's answers, for the client's errors, and for the tests of the
 * tables in docs/errors.md and PROTOCOL.md are checked against.
 *
 * Only literals, so that a page loads only those it uses.
 *
 * @module
 */
import type { CloseCode } from "./close.ts";
import type { ConnectErrorCode, ProtocolErrorCode, RpcErrorCode } from "./errors.ts";

/** A kind of refusal. */
export interface RefusalCodes {
  /** HTTP status, for clients that can read it. */
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

/** A server's refusals by close code: the code that the client reports, and the HTTP status. */
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

/** For a failed call: whether it may have run, and whether it can be retried. */
export interface RpcCode {
  /** Whether the handler may have run. */
  readonly ran: "no" | "perhaps" | "yes";
  /** Whether it surely did not, and may succeed later. */
  readonly retryable: boolean;
}

/**
 * The codes of failed calls. The four codes for compression are never sent by a server of this module nor by a
 * Rust one, unless a handler throws them, as it may throw any of the first eleven.
 */
export const RPC_CODES: Readonly<Record<RpcErrorCode, RpcCode>> = {
  ClientNotConnected: { ran: "no", retryable: true },
  TooManyCallsInFlight: { ran: "no", retryable: true },
  ClientEncodeError: { ran: "no", retryable: false },
  ClientDecodeError: { ran: "yes", retryable: false },
  ServerEncodeError: { ran: "yes", retryable: false },
  ServerDecodeError: { ran: "no", retryable: false },
  ClientCompressError: { ran: "perhaps", retryable: false },
  ClientDecompressError: { ran: "perhaps", retryable: false },
  ServerCompressError: { ran: "perhaps", retryable: false },
  ServerDecompressError: { ran: "perhaps", retryable: false },
  HandlerPanicked: { ran: "yes", retryable: false },
  DeadlineExceeded: { ran: "perhaps", retryable: false },
  Cancelled: { ran: "perhaps", retryable: false },
  ConnectionLost: { ran: "perhaps", retryable: false },
  StreamsUnsupported: { ran: "no", retryable: false },
};

/** The close code of each protocol violation. After a `BadEvent` the connection continues. */
export const PROTOCOL_CODES: Readonly<Record<ProtocolErrorCode, CloseCode>> = {
  BadDeflate: 4002,
  BadMessage: 4002,
  TooBig: 4009,
  BadState: 4002,
  BadEvent: 4002,
  BadReply: 4002,
  BadCredit: 4002,
};
