/**
 * The port that carries whole binary messages, and the two ways one is opened.
 *
 * Data goes down by a call ({@linkcode Transport.send}) and up by the one listener that was given at
 * opening. Adapters in `runtime/` hold no queue and no policy.
 *
 * @module
 */

import type { Extension } from "./handshake.ts";

/** How a transport ended. */
export interface CloseInfo {
  /** WebSocket close code; 1005 when the peer gave none, 1006 when there was no close handshake. */
  readonly code: number;
  /** The peer's reason, or the adapter's own words when there was no close handshake. */
  readonly reason: string;
  /** Whether the adapter ended it, for what the peer sent. */
  readonly byUs?: boolean;
}

/** Whose bytes many transports send: they never change, and are counted once while anybody holds them. */
export interface Shared {
  /** A transport keeps the bytes, and not a copy of them. */
  hold(): void;
  /** It needs them no more. */
  release(): void;
}

/** An open pipe of binary messages. */
export interface Transport {
  /** Bytes accepted by {@linkcode Transport.send} and not yet handed to the network. */
  readonly bufferedAmount: number;
  /** Those of them that are {@linkcode Shared}, and held by this. Absent: none. */
  readonly sharedAmount?: number;
  /**
   * Of one that has ended: whether its socket has not, and still holds bytes. `"closing"` ends by itself in
   * some seconds, `"stuck"` when its peer likes. {@linkcode TransportListener.onGone} follows. Absent: not.
   */
  readonly lingers?: "closing" | "stuck" | undefined;
  /**
   * Queue one message; no-op once closed. The bytes are copied before this returns: the caller may
   * write over them at once.
   *
   * @param shared Where the bytes never change, as those of an event to many connections: no need to copy.
   */
  send(message: Uint8Array<ArrayBuffer>, shared?: Shared): void;
  /**
   * Begin the close handshake; idempotent. What is queued goes before it.
   *
   * @param discard The peer does not read: drop what is queued, as far as that can be done.
   */
  close(code: number, reason: string, discard?: boolean): void;
  /** End without a handshake, at once, also what lingers; idempotent. For a peer that does not read. */
  terminate(): void;
}

/**
 * What a listener has made of a message: how many of its bytes it is done with; nothing says all. What follows
 * is further messages, and handed over as if it had come by itself. Below 0, the same without the sign, and the
 * event loop is to come round before the next, where several come in one turn of it.
 */
export type Heard = number | void;

/** What the owner of a transport is told. */
export interface TransportListener {
  /**
   * One whole binary message. The bytes are the listener's to read only until it returns.
   *
   * @param from Where in the bytes it begins: what is before is done with. Absent: at their start.
   */
  onMessage(message: Uint8Array, from?: number): Heard;
  /** A text message came, whole: the protocol has none. Absent: it is ignored, as Rust does. */
  onText?(): void;
  /** The transport has ended: once, and no message follows. */
  onClose(info: CloseInfo): void;
  /** The socket of one that lingered has ended as well: once, last. See {@linkcode Transport.lingers}. */
  onGone?(): void;
}

/** What bounds a transport, and its peer's silence. */
export interface TransportLimits {
  /** Largest message, in bytes as they stand on the wire, that may be delivered. */
  readonly maxMessageBytes: number;
  /** Bytes of the peer's messages that may wait for their turn. Absent: the default. */
  readonly maxWaitingBytes?: number;
  /** Milliseconds of silence after which to ping, and twice that to close: 4000. 0 is off. */
  readonly idleTimeoutMs: number;
  /** Milliseconds that the peer has to answer a close, or to read what is sent before it. */
  readonly closeTimeoutMs: number;
}

/** A pure decision on an upgrade request, made before the runtime upgrades. */
export interface Acceptor extends TransportLimits {
  /**
   * Decide on a request; a `Response` is a refusal. Everything that is needed of the request is read
   * before this returns or resolves: Deno makes `request.headers` unusable at the upgrade.
   */
  upgrade(request: Request, peer: PeerInfo): Upgrade | Response | Promise<Upgrade | Response>;
  /** Milliseconds that a peer may take over TLS and its request. */
  readonly handshakeTimeoutMs: number;
}

/** Where a connection comes from, as far as the runtime tells. */
export interface PeerInfo {
  /** The peer's address, or `""` where there is none (memory). */
  readonly address: string;
}

/** An accepted request. */
export interface Upgrade {
  /** The one subprotocol to answer. */
  readonly protocol: string;
  /** Further headers of the 101 answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** What was agreed on. Default: 0. */
  readonly extension?: Extension;
  /** You give a transport, you get a listener. Called once, when the transport is open. */
  open(transport: Transport): TransportListener;
}

/** How a client trusts the server's certificate. Absent: the system's roots. */
export type ClientTls =
  /** Accept any certificate. For development: this does not authenticate the server. */
  | "self-signed"
  | {
    /** PEM certificates to trust instead of the system's roots. */
    readonly ca?: string;
    /** Accept only the certificate with this SHA-256 fingerprint: 64 hex digits, colons allowed. */
    readonly fingerprint?: string;
  };

/** What a dialer is asked for. */
export interface DialRequest extends TransportLimits {
  /** `ws:` or `wss:`, query included. */
  readonly url: string;
  /** Compression level to ask for, 0 to 9. */
  readonly level: number;
  /** How to trust the server. */
  readonly tls?: ClientTls | undefined;
  /** Further request headers; a dialer over the standard `WebSocket` cannot send any and throws. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Ends the attempt (deadline, close) while it is under way, which rejects with the signal's reason. */
  readonly signal: AbortSignal;
}

/** What is known once a dial has succeeded. */
export interface Dialed {
  /** The subprotocol that was answered: `hl/2`, `hl.2`, `hl.2.x1` or `hl.2.no` (refused, a close follows). */
  readonly protocol: string;
  /** What was agreed on. Default: 0. */
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
