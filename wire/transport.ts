/**
 * The port for whole binary messages, and the two ways to open one.
 *
 * Data goes down by {@linkcode Transport.send} and up through the one listener given at opening. Adapters in
 * `runtime/` have no queue and no policy.
 *
 * @module
 */

import type { Extension } from "./handshake.ts";

/** The end of a transport. */
export interface CloseInfo {
  /** WebSocket close code; 1005 if the peer gave none, 1006 without a close handshake. */
  readonly code: number;
  /** The peer's reason, or the adapter's text without a close handshake. */
  readonly reason: string;
  /** Whether the adapter ended it because of the peer's input. */
  readonly byUs?: boolean;
}

/** Immutable bytes that many transports send; they are counted once while held. */
export interface Shared {
  /** A transport holds the bytes without a copy. */
  hold(): void;
  /** It no longer needs them. */
  release(): void;
}

/** An open connection for binary messages. */
export interface Transport {
  /** Bytes accepted by {@linkcode Transport.send} and not yet passed to the network. */
  readonly bufferedAmount: number;
  /** The {@linkcode Shared} ones among them. Absent: none. */
  readonly sharedAmount?: number;
  /**
   * For an ended transport: whether its socket is still open and holds bytes. `"closing"` ends within seconds,
   * `"stuck"` only when its peer ends it. {@linkcode TransportListener.onGone} follows. Absent: no.
   */
  readonly lingers?: "closing" | "stuck" | undefined;
  /**
   * Queue one message; no-op once closed. The bytes are copied before this returns: the caller may
   * write over them at once.
   *
   * @param shared Given if the bytes are immutable, as those of a broadcast: no copy is needed.
   */
  send(message: Uint8Array<ArrayBuffer>, shared?: Shared): void;
  /**
   * Begin the close handshake after the queue; idempotent.
   *
   * @param discard The peer doesn't read: drop the queue, as far as possible.
   */
  close(code: number, reason: string, discard?: boolean): void;
  /** End at once without a handshake, also while lingering; idempotent. For a peer that doesn't read. */
  terminate(): void;
}

/**
 * A listener's result for a message: the number of bytes it has handled; absent means all. Deliver the rest as a
 * separate message. A negative number: its absolute value, and let the event loop run before the next message of this
 * turn.
 */
export type Heard = number | void;

/** The listener of a transport. */
export interface TransportListener {
  /**
   * Whether it takes the memory of messages too large for a batch at present, so that each should fill its buffer.
   * Absent: no.
   */
  readonly takesMemory?: boolean | undefined;
  /**
   * One whole binary message. The bytes are the listener's to read only until it returns; for good if it
   * {@linkcode TransportListener.takesMemory} and the message is too large for a batch and fills its buffer.
   *
   * @param from Its start in the bytes; earlier bytes were handled before. Absent: 0.
   */
  onMessage(message: Uint8Array, from?: number): Heard;
  /** A whole text message, which the protocol doesn't have. Absent: it is ignored, as in Rust. */
  onText?(): void;
  /** The transport has ended. Called once; no message follows. */
  onClose(info: CloseInfo): void;
  /** The socket of a lingering transport has ended. Called once, last. See {@linkcode Transport.lingers}. */
  onGone?(): void;
}

/** The limits of a transport. */
export interface TransportLimits {
  /** Largest delivered message, in bytes on the wire. */
  readonly maxMessageBytes: number;
  /** Most bytes of the peer's messages that wait for their turn. Absent: the default. */
  readonly maxWaitingBytes?: number;
  /** Idle milliseconds before a ping; after twice that: close 4000. 0: off. */
  readonly idleTimeoutMs: number;
  /** Milliseconds for the peer to answer a close, or to read the queue before it. */
  readonly closeTimeoutMs: number;
}

/** A pure decision on an upgrade request, made before the runtime upgrades. */
export interface Acceptor extends TransportLimits {
  /**
   * Decide on a request; a `Response` is a refusal. The request is read before this returns or resolves: Deno makes
   * `request.headers` unusable at the upgrade.
   */
  upgrade(request: Request, peer: PeerInfo): Upgrade | Response | Promise<Upgrade | Response>;
  /** Milliseconds for a peer's TLS handshake and request. */
  readonly handshakeTimeoutMs: number;
}

/** A connection's origin, as far as the runtime knows it. */
export interface PeerInfo {
  /** The peer's address, or `""` if there is none (memory). */
  readonly address: string;
}

/** An accepted request. */
export interface Upgrade {
  /** The one subprotocol to answer. */
  readonly protocol: string;
  /** Additional headers of the 101 answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** The negotiated extension. Default: 0. */
  readonly extension?: Extension;
  /** Returns the listener of the open transport. Called once. */
  open(transport: Transport): TransportListener;
}

/** A client's trust in the server's certificate. Absent: the system's roots. */
export type ClientTls =
  /** Accept any certificate. For development: this does not authenticate the server. */
  | "self-signed"
  | {
    /** PEM certificates to trust instead of the system's roots. */
    readonly ca?: string;
    /** Accept only the certificate with this SHA-256 fingerprint: 64 hex digits, colons allowed. */
    readonly fingerprint?: string;
  };

/** Options of a dial. */
export interface DialRequest extends TransportLimits {
  /** `ws:` or `wss:`, query included. */
  readonly url: string;
  /** Compression level to request, 0 to 9. */
  readonly level: number;
  /** The trust in the server's certificate. */
  readonly tls?: ClientTls | undefined;
  /** Additional request headers; a dialer over the standard `WebSocket` cannot send any and throws. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Cancels the pending attempt (deadline, close), which rejects with the signal's reason. */
  readonly signal: AbortSignal;
}

/** The result of a dial. */
export interface Dialed {
  /** The answered subprotocol: `hl/2`, `hl.2`, `hl.2.x1` or `hl.2.no` (refused, a close follows). */
  readonly protocol: string;
  /** The negotiated extension. Default: 0. */
  readonly extension?: Extension | undefined;
}

/**
 * Opens a client transport. Resolves once `open` has been called, after the server's 101 has been
 * checked. Rejects with `ConnectError` or the signal's reason, and then `open` is never called.
 */
export type Dialer = (
  request: DialRequest,
  open: (transport: Transport, dialed: Dialed) => TransportListener,
) => Promise<void>;
