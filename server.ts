/**
 * Serve a service on Deno, Bun or Node.
 *
 * @example A server
 * ```ts ignore
 * import { serve } from "@hardlight/hardlight/server";
 * import { Counter } from "./counter.ts";
 *
 * await using server = await serve(Counter, { port: 8080 }, ({ state }) => ({
 *   increment({ amount }) {
 *     state.counter += amount;
 *   },
 *   get: () => state.counter,
 * }));
 * ```
 *
 * @module
 */
import {
  type AcceptingCore,
  createCore,
  SERVER_OPTION_KINDS,
  withCloseOptions,
} from "./server/server_core.ts";
import type {
  BrokerStatus,
  CloseOptions,
  ErrorListener,
  ServerCore,
  ServerOptions,
  ServiceHandler,
} from "./server/mod.ts";
import { systemClock } from "./wire/clock.ts";
import { generate } from "./codec/compiler.ts";
import { type BunHandlers, handlers as bunHandlers } from "./runtime/bun.ts";
import { checkCertificate } from "./runtime/node/check_certificate.ts";
import { handler as denoHandler } from "./runtime/deno.ts";
import { checkRuntime, runtimeName } from "./runtime/detect.ts";
import {
  describeEndpoint,
  type Fallback,
  type Listener,
  misdirected,
  type OnPlainError,
} from "./runtime/listen.ts";
import { checkPort, listen } from "./runtime/listen_here.ts";
import { type StandardUpgrade, upgradeStandard } from "./runtime/standard.ts";
import { createStreamsDeflater } from "./runtime/streams.ts";
import { eventLoop } from "./runtime/turn.ts";
import { createZlibDeflater } from "./runtime/node/zlib.ts";
import type { NoMethods, Service } from "./service/types.ts";
import { certificateOf, type ServerTls, urlHost } from "./tls/server_tls.ts";
import type { PeerInfo } from "./wire/transport.ts";
import { DEFAULT_LIMITS } from "./wire/limits.ts";
import { checkOptionKinds, fillInLimits, type OptionKind } from "./wire/option_kinds.ts";

export * from "./server/mod.ts";
export type { PeerInfo } from "./wire/transport.ts";
export type { ServerTls } from "./tls/server_tls.ts";
export type { Fallback } from "./runtime/listen.ts";
export type { StandardEvent, StandardSocket, StandardUpgrade } from "./runtime/standard.ts";
export type {
  BunHandlers,
  BunServer,
  BunSocket,
  BunSocketData,
  BunWebSocketHandler,
} from "./runtime/bun.ts";

/** Options of {@linkcode handler}. */
export interface HandlerOptions<Auth> extends ServerOptions<Auth> {
  /** Answers requests that do not ask for a WebSocket. */
  readonly fallback?: Fallback | undefined;
}

/** Options of {@linkcode serve}. */
export interface ServeOptions<Auth> extends HandlerOptions<Auth> {
  /** TCP port; 0 lets the system choose. */
  readonly port: number;
  /** Address to listen on. Default: all. */
  readonly hostname?: string | undefined;
  /** The certificate. Default: `"self-signed"`. */
  readonly tls?: ServerTls | undefined;
}

type Kinds<Options> = Readonly<Record<keyof Options, OptionKind>>;
const HANDLER_KINDS: Kinds<HandlerOptions<never>> = {
  ...SERVER_OPTION_KINDS,
  fallback: "function",
};
const SERVE_KINDS: Kinds<ServeOptions<never>> = {
  port: true,
  hostname: "string",
  tls: true,
  ...HANDLER_KINDS,
};

/** A listening server. */
export interface Server<Event> extends ServerCore<Event>, AsyncDisposable {
  /** The bound port. */
  readonly port: number;
  /** The address for clients. */
  readonly url: string;
  /** SHA-256 of the self-signed certificate, for clients to pin: 64 hex digits. */
  readonly fingerprint: string | undefined;
  /**
   * Stop accepting, let the calls in flight finish, and close every connection with 4001. Resolves when the
   * port is free, at most `deadlineMs` plus twice `closeTimeoutMs` later.
   */
  close(options?: CloseOptions): Promise<void>;
}

/** A service to mount on an existing server. */
export interface Mounted<Event> extends ServerCore<Event>, AsyncDisposable {
  /** For `Deno.serve` and `Bun.serve`; other requests go to the fallback. */
  readonly fetch: MountedFetch;
  /** For `Bun.serve`. Its `message` frees a large message: a wrapper reads it before. */
  readonly websocket: BunHandlers["websocket"];
  /**
   * Accept or refuse a request whose WebSocket another library upgrades (`ws` on Node, Cloudflare's pair). A
   * `Response` is a refusal. Otherwise answer with the given headers and pass the socket to `accept()`.
   *
   * Messages over `maxMessageBytes` are refused only when they are complete: set the library's own limit too
   * (`maxPayload` of `ws`). Such a socket is not pinged.
   */
  upgrade(request: Request, peer?: PeerInfo): Promise<StandardUpgrade | Response>;
}

/**
 * Answers a request. `info` is the runtime's second argument: Deno's `{ remoteAddr }`, Bun's server. On Bun it
 * returns no response, contrary to its type, for a request that has become a connection.
 */
export type MountedFetch = (request: Request, info?: unknown) => Response | Promise<Response>;

/**
 * Listen, and serve a service to every client that connects.
 *
 * @param service The service.
 * @param options The port, and further options.
 * @param handler Creates the handlers of each connection, or a `rawHandler`.
 * @throws {TypeError} If an option is invalid, or this runtime cannot listen.
 * @throws {RangeError} If a number, such as that of the port, is out of range.
 */
export async function serve<Methods, State, Event, Auth = undefined, ClientMethods = NoMethods>(
  service: Service<Methods, State, Event, ClientMethods>,
  options: ServeOptions<Auth>,
  handler: ServiceHandler<Methods, State, Event, Auth, ClientMethods>,
): Promise<Server<Event>> {
  checkRuntime();
  checkOptionKinds("serve()", options, SERVE_KINDS);
  checkPort(options.port);
  const limits = fillInLimits(options.limits, DEFAULT_LIMITS);
  const core = coreHere(service, options, handler);
  const { tls } = options;
  if (typeof tls === "object" && tls !== null) checkCertificate(tls.cert, tls.key);
  const { cert, key, fingerprint } = await certificateOf(options);
  const listener = await listen(core.acceptor, {
    port: options.port,
    hostname: options.hostname,
    cert,
    key,
    maxPlainConnections: limits.maxPlainConnections,
    ...plainHttp(service.name, options, core),
  });
  let closing: Promise<void> | undefined;
  const close = (closeOptions?: CloseOptions): Promise<void> =>
    withCloseOptions(
      closeOptions,
      (checked) => closing ??= closeServer(core, listener, limits.closeTimeoutMs, checked),
    );
  try {
    // Last: a server that cannot start must not start its broker.
    core.start();
  } catch (error) {
    await close();
    throw error;
  }
  return Object.assign(ofCore(core, close), {
    port: listener.port,
    url: `${cert === undefined ? "ws" : "wss"}://${urlHost(options.hostname)}:${listener.port}`,
    fingerprint,
  });
}

/**
 * Serve a service from an existing server: `Deno.serve(mounted.fetch)`, `Bun.serve(mounted)`, or
 * `export default mounted` for `deno serve`.
 *
 * On Deno, prefer {@linkcode serve} if TLS ends in this process. `Deno.serve` leaves Nagle's algorithm on
 * under TLS, so a call that changes state takes 44 ms for a client without the extension `x1`, such as a
 * Rust client.
 *
 * @param service The service.
 * @param options The options.
 * @param handler Creates the handlers of each connection, or a `rawHandler`.
 * @throws {TypeError} If an option is invalid.
 */
export function handler<Methods, State, Event, Auth = undefined, ClientMethods = NoMethods>(
  service: Service<Methods, State, Event, ClientMethods>,
  options: HandlerOptions<Auth>,
  handler: ServiceHandler<Methods, State, Event, Auth, ClientMethods>,
): Mounted<Event> {
  checkRuntime();
  checkOptionKinds("handler()", options, HANDLER_KINDS);
  const core = coreHere(service, options, handler);
  const { fallback, onError } = plainHttp(service.name, options, core);
  const bun = bunHandlers(core.acceptor, fallback, onError);
  core.start();
  return Object.assign(ofCore(core, (closeOptions) => core.close(closeOptions)), {
    fetch: runtimeName() === "bun"
      ? bun.fetch as MountedFetch
      : denoHandler(core.acceptor, fallback, onError) as MountedFetch,
    websocket: bun.websocket,
    upgrade: (request: Request, peer: PeerInfo = { address: "" }) =>
      upgradeStandard(core.acceptor, request, peer),
  });
}

/** The parts of its core that every kind of server exposes, with present values. */
function ofCore<Event>(
  core: AcceptingCore<Event>,
  close: (options?: CloseOptions) => Promise<void>,
): ServerCore<Event> & AsyncDisposable {
  return {
    events: core.events,
    get connections(): number {
      return core.connections;
    },
    stats: () => core.stats(),
    get broker(): BrokerStatus | undefined {
      return core.broker;
    },
    topicNotifications: () => core.topicNotifications(),
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}

function plainHttp<Auth>(
  service: string,
  { fallback = describeEndpoint }: HandlerOptions<Auth>,
  core: AcceptingCore<never>,
): { readonly fallback: Fallback; readonly onError: OnPlainError } {
  return {
    // DNS rebinding: a page that reached this server by its own host name must not read the fallback.
    fallback: (request) => core.answersTo(request) ? fallback(request) : misdirected(),
    onError(error, peer, where) {
      core.onError(error, { where: where ?? "fallback", peer, service });
    },
  };
}

async function closeServer(
  core: ServerCore<never>,
  listener: Listener,
  closeTimeoutMs: number,
  options?: CloseOptions,
): Promise<void> {
  const closed = listener.close();
  await core.close(options);
  // A plain HTTP request may still be running; it gets as much time as a closing peer.
  const timer = setTimeout(() => listener.abort(), closeTimeoutMs);
  await closed;
  clearTimeout(timer);
}

/** A core with the parts of the present runtime. */
function coreHere<Methods, State, Event, Auth, ClientMethods>(
  service: Service<Methods, State, Event, ClientMethods>,
  options: HandlerOptions<Auth>,
  handler: ServiceHandler<Methods, State, Event, Auth, ClientMethods>,
): AcceptingCore<Event> {
  const deflater = createZlibDeflater() ?? createStreamsDeflater();
  return createCore(
    service,
    { ...options, onError: options.onError ?? report },
    handler,
    deflater,
    systemClock,
    generate,
    eventLoop,
  );
}

/** Default of `onError`: print the error, so that the operator sees it. */
const report: ErrorListener = (error, { where, peer, untold }) => {
  const more = untold === undefined ? "" : ` (${untold} more before it)`;
  // deno-lint-ignore no-console
  console.error(`hardlight: ${where} failed for ${peer.address || "a peer"}${more}:`, error);
};
