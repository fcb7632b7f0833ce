/**
 * {@linkcode ConnectOptions} and how they are checked.
 *
 * @module
 */
import type { CallsOf, HandlersOf, NoMethods } from "../service/types.ts";
import { type Fingerprint, introduce, type Receives } from "../wire/handshake.ts";
import type { Limits } from "../wire/limits.ts";
import type { ClientTls } from "../wire/transport.ts";
import type { WhenFull } from "./parts.ts";
import type { ClientState } from "./state_mirror.ts";
import type { ClientTraceListener } from "./telemetry.ts";

/** A value, or a function that is asked for it before every attempt to connect. */
export type PerAttempt<T> = T | (() => T | PromiseLike<T>);

/** A connection that was just made, as `onConnect` sees it. */
export interface Connection<Methods, State> {
  /** Calls on this connection. The client's own fail until `onConnect` has finished. */
  readonly rpc: CallsOf<Methods>;
  /** The connection state, at its defaults or what the server has sent since. */
  readonly state: ClientState<State>;
  /** Whether there was a connection before: the server knows nothing of it. */
  readonly reconnected: boolean;
}

/** How to connect. */
export interface ConnectOptions<Methods, State, ClientMethods = NoMethods> {
  /** How to trust the server's certificate. Default: the system's roots. Not in browsers. */
  readonly tls?: ClientTls | undefined;
  /**
   * Level of compression, 0 (none) to 9, of what is sent and of what the server is asked to send.
   * Default: 6, as in Rust; in pages 0, with which nothing that inflates is loaded.
   */
  readonly level?: number | undefined;
  /** Further headers of the handshake, asked for at every attempt if a function. Not in browsers. */
  readonly headers?: PerAttempt<Readonly<Record<string, string>>> | undefined;
  /** Bounds that differ from the defaults, such as `callTimeoutMs`. */
  readonly limits?: Partial<Limits> | undefined;
  /** What to do with the 257th call in flight. Default: `"fail"`. */
  readonly whenFull?: WhenFull | undefined;
  /** Whether to connect again when the connection ends. Default: true. */
  readonly reconnect?: boolean | undefined;
  /**
   * Called on every connection, before other calls can be made: log in and subscribe here. If it
   * fails, the connection is closed and counts as not made: `connect()` rejects with what this threw, which
   * may be the `RpcError` of a call (`DeadlineExceeded` if the server never answers), and with a
   * `ConnectError` if the connection ended first; of a later attempt `onError` is told, and another follows.
   */
  readonly onConnect?:
    | ((connection: Connection<Methods, State>) => void | PromiseLike<void>)
    | undefined;
  /**
   * What the client answers when the server calls it: the methods of the service's `client`. Without it, each such
   * call fails at the server. What they throw is told to `onError`, and not to the server.
   */
  readonly client?: HandlersOf<ClientMethods> | undefined;
  /**
   * Told why each connection or attempt failed, of events that cannot be decoded, and what listeners
   * throw. Without it the last are uncaught errors, as by `reportError`. What it throws or rejects with
   * itself is lost.
   */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** Is told of calls as they are settled. Without it nothing is gathered. */
  readonly onTrace?: ClientTraceListener | undefined;
  /** Closes the client when it aborts, also while it connects. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * An address to dial, with what a client says of itself in its query. `http:` and `https:` are taken as
 * `ws:` and `wss:`.
 */
export function toWebSocketUrl(
  address: string | URL,
  fingerprint: Fingerprint,
  limits: Receives,
): string {
  const url = new URL(address);
  url.hash = "";
  introduce(url.searchParams, fingerprint, limits);
  // Neither scheme can be assigned to `protocol` from the other on every runtime.
  return url.href.replace(/^http/, "ws");
}

/**
 * Refuse an address of another kind; a page's `WebSocket` does.
 *
 * @throws {TypeError} If it is no URL of `ws:`, `wss:`, `http:` or `https:`.
 */
export function checkAddress(address: string | URL): string | URL {
  // "localhost:8080" is a URL too, of the scheme "localhost:".
  if (/^\s*(ws|http)s?:/i.test(`${address}`)) return address;
  throw new TypeError(`Cannot connect to "${address}": expected a URL like wss://host:port`);
}

/** Ask for a value that may have to be asked for. */
export function resolve<T extends string | URL | Readonly<Record<string, string>> | undefined>(
  value: PerAttempt<T>,
): T | PromiseLike<T> {
  return typeof value === "function" ? value() : value;
}
