/**
 * The error classes, each with a closed set of codes.
 *
 * @module
 */
import type { Topic } from "./topic.ts";

/**
 * The wire's error codes in Rust's order: the index is the byte on the wire.
 *
 * Rust: `hardlight/src/wire.rs`, `RpcHandlerError`.
 */
export const RPC_HANDLER_ERRORS = [
  "ClientNotConnected",
  "TooManyCallsInFlight",
  "ClientEncodeError",
  "ClientDecodeError",
  "ServerEncodeError",
  "ServerDecodeError",
  "ClientCompressError",
  "ClientDecompressError",
  "ServerCompressError",
  "ServerDecompressError",
  "HandlerPanicked",
] as const;

/** A code that can travel on the wire. */
export type RpcHandlerErrorCode = typeof RPC_HANDLER_ERRORS[number];

/**
 * Why a call failed: a wire code, or one that only the caller's side can know.
 *
 * | code | may the call have run? |
 * | --- | --- |
 * | `ClientNotConnected` | no: there was no connection |
 * | `TooManyCallsInFlight` | no: 256 are in flight, too much waits to be sent, or the server says that the client calls too often (`callRate`) or too much is held (`maxHeldBytes`, `maxTotalHeldBytes`); perhaps, if it has sent items: `retryable` is `false` |
 * | `ClientEncodeError` | no: its arguments do not fit, or are larger than a message may be; perhaps, if that is so of an item of its stream |
 * | `StreamsUnsupported` | no: it streams, and the peer (Rust, or an older release) has no streams |
 * | `ServerDecodeError` | no: the server could not read it; perhaps, if that is so of an item of its stream |
 * | `ConnectionLost` | perhaps: it was sent, and the connection ended before the answer; no if `retryable` |
 * | `DeadlineExceeded`, `Cancelled` | perhaps, if it was sent; the server is told, unless it is a Rust one or an older release |
 * | `HandlerPanicked` | yes: it threw, and what it threw stays on the server |
 * | `ServerEncodeError`, `ClientDecodeError` | yes, but its answer cannot be read |
 * | `ClientCompressError`, `ClientDecompressError`, `ServerCompressError`, `ServerDecompressError` | perhaps: only a handler that throws them sends them |
 *
 * A handler may throw an `RpcError` with any wire code: the call then ran, and the handler defines the meaning.
 */
export type RpcErrorCode =
  | RpcHandlerErrorCode
  | "DeadlineExceeded"
  | "Cancelled"
  | "ConnectionLost"
  | "StreamsUnsupported";

/** Marks the errors of every copy of this module in a process. */
const RPC_ERROR = Symbol.for("hardlight.RpcError");

/** One call failed. */
export class RpcError extends Error {
  static {
    (this.prototype as { [RPC_ERROR]?: true })[RPC_ERROR] = true;
  }

  /** Why. */
  declare readonly code: RpcErrorCode;
  /**
   * Whether the call did not run and may succeed later, so that it can be retried. `false` if it may have run, or
   * if a retry would fail in the same way.
   */
  declare readonly retryable: boolean;
  /** Its kind. */
  override name = "RpcError";
  /** Create with a code and a message. */
  constructor(
    code: RpcErrorCode,
    message: string,
    options: ErrorOptions & { readonly retryable?: boolean | undefined } = {},
  ) {
    super(message, options);
    this.code = code;
    this.retryable = options.retryable ?? /^(ClientNot|TooMany)/.test(code);
  }
}

/** Whether it is an {@linkcode RpcError} of any copy of this module. */
export function isRpcError(value: unknown): value is RpcError {
  return typeof value === "object" && value !== null && RPC_ERROR in value;
}

/** Kinds of protocol violations. */
export type ProtocolErrorCode =
  | "BadDeflate"
  | "BadMessage"
  | "TooBig"
  | "BadState"
  | "BadEvent"
  | "BadReply"
  /** More items than a stream's credit, or more credit than allowed. */
  | "BadCredit";

/** The peer violated the protocol; the connection ends. */
export class ProtocolError extends Error {
  /** How. */
  declare readonly code: ProtocolErrorCode;
  /** The WebSocket close code for the peer. */
  declare readonly closeCode: number;
  /** Its kind. */
  override name = "ProtocolError";
  /** Create with a code, its close code and a message. */
  constructor(code: ProtocolErrorCode, closeCode: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.closeCode = closeCode;
  }
}

/** Reasons for a failed connection attempt, or for a final end. */
export type ConnectErrorCode =
  /** No answer at that address. */
  | "Unreachable"
  /** The certificate is not trusted, or TLS failed otherwise. */
  | "TlsFailed"
  /** The handshake did not finish in time. */
  | "TimedOut"
  /** The server answered, but not as a hardlight server. */
  | "BadHandshake"
  /** The server speaks another subprotocol. */
  | "ProtocolMismatch"
  /** The two sides were built from different services. */
  | "SchemaMismatch"
  /** `authorize` refused the client. */
  | "Unauthorized"
  /** The page's origin is not allowed. */
  | "OriginRefused"
  /** The server is full. */
  | "TooBusy"
  /** The connection opened but ended before it could be used; see the cause. */
  | "ConnectionLost"
  /** The client was closed, or its signal aborted, before it was connected. */
  | "Cancelled"
  /** `./browser` runs where there is no `WebSocket`: in Node 20, which renders a page. */
  | "NoWebSocket";

/** A connection could not be made. */
export class ConnectError extends Error {
  /** Why. */
  declare readonly code: ConnectErrorCode;
  /** Whether a retry with the same arguments can succeed. Of a refusal, its status says so: from 500 on. */
  declare readonly retryable: boolean;
  /** The HTTP status of a refusal; in a page, derived from the close code. */
  declare readonly status: number | undefined;
  /** Its kind. */
  override name = "ConnectError";
  /** Create with a code and a message. */
  constructor(
    code: ConnectErrorCode,
    message: string,
    options: ErrorOptions & { readonly status?: number | undefined } = {},
  ) {
    super(message, options);
    this.code = code;
    this.status = options.status;
    this.retryable = options.status! >= 500 || /Unreachable|TimedOut|ConnectionLost/.test(code);
  }
}

/** Problems between nodes, and their end. */
export type BrokerErrorCode =
  /** The link to the engine is down or doesn't carry messages. */
  | "LinkDown"
  /** It is up again. */
  | "LinkRestored"
  /** The engine refused to start or to subscribe, or did not answer in time. */
  | "SubscribeFailed"
  /** An event could not be sent to the other nodes. */
  | "PublishFailed"
  /** Events of another node were lost. */
  | "EventsMissed"
  /** A received event has the type of another version of the service. */
  | "OtherVersion"
  /** A received message is invalid. */
  | "BadMessage";

/** Details of a {@linkcode BrokerError}. */
export interface BrokerErrorOptions extends ErrorOptions {
  /** The topic concerned, if any. */
  readonly topic?: Topic | undefined;
  /** Whether the link is down for good. */
  readonly final?: boolean | undefined;
}

/** A failure between nodes; local work continues. */
export class BrokerError extends Error {
  /** Why. */
  readonly code: BrokerErrorCode;
  /** The topic concerned, if any. */
  readonly topic: Topic | undefined;
  /** Whether the link is down for good: the node must be restarted. */
  readonly final: boolean;
  /** Create with a code and a message. */
  constructor(code: BrokerErrorCode, message: string, options: BrokerErrorOptions = {}) {
    super(message, options);
    this.name = "BrokerError";
    this.code = code;
    this.topic = options.topic;
    this.final = options.final === true;
  }
}
