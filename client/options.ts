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

/** A value, or a function that returns it before every connection attempt. */
export type PerAttempt<T> = T | (() => T | PromiseLike<T>);

/** A new connection, as seen by `onConnect`. */
export interface Connection<Methods, State> {
  /** Calls on this connection. The client's own calls fail until `onConnect` has finished. */
  readonly rpc: CallsOf<Methods>;
  /** The connection state: its defaults, or later values from the server. */
  readonly state: ClientState<State>;
  /** Whether there was a connection before. The server doesn't know it. */
  readonly reconnected: boolean;
}

/** Options of `connect()`. */
export interface ConnectOptions<Methods, State, ClientMethods = NoMethods> {
  /** How to trust the server's certificate. Default: the system's roots. Not in browsers. */
  readonly tls?: ClientTls | undefined;
  /**
   * Compression level, 0 (none) to 9, for sent messages and requested from the server. Default: 6, as in Rust; in
   * pages 0, which loads no inflater.
   */
  readonly level?: number | undefined;
  /** Additional headers of the handshake; a function is called for every attempt. Not in browsers. */
  readonly headers?: PerAttempt<Readonly<Record<string, string>>> | undefined;
  /** Limits that differ from the defaults, such as `callTimeoutMs`. */
  readonly limits?: Partial<Limits> | undefined;
  /** The reaction to the 257th call in flight. Default: `"fail"`. */
  readonly whenFull?: WhenFull | undefined;
  /** Whether to reconnect when the connection ends. Default: true. */
  readonly reconnect?: boolean | undefined;
  /**
   * Called on every connection before other calls are possible: log in and subscribe here. If it fails, the
   * connection closes and the attempt has failed. `connect()` then rejects with its error, such as the `RpcError` of
   * a call (`DeadlineExceeded` if the server never answers), or with a `ConnectError` if the connection ended first.
   * Failures of later attempts go to `onError`, and the client retries.
   */
  readonly onConnect?:
    | ((connection: Connection<Methods, State>) => void | PromiseLike<void>)
    | undefined;
  /**
   * The handlers of the service's `client` methods, which the server calls. Without them each such call fails at the
   * server. Their errors go to `onError`, not to the server.
   */
  readonly client?: HandlersOf<ClientMethods> | undefined;
  /**
   * Receives the errors of failed connections and attempts, of events that fail to decode, and of listeners. Without
   * it errors of listeners are uncaught, as by `reportError`. Its own errors are ignored.
   */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** Receives calls as they settle. */
  readonly onTrace?: ClientTraceListener | undefined;
  /** Closes the client when it aborts, also while connecting. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * The URL to dial, with the client's parameters in its query. `http:` and `https:` become `ws:` and `wss:`.
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

/** Resolve a value or the function that returns it. */
export function resolve<T extends string | URL | Readonly<Record<string, string>> | undefined>(
  value: PerAttempt<T>,
): T | PromiseLike<T> {
  return typeof value === "function" ? value() : value;
}
