/**
 * Listening with `Bun.serve`. Bun's types are written out as far as they are needed.
 *
 * @module
 */

import { maxFrameBytes } from "../wire/batch.ts";
import { EXTENSION } from "../wire/handshake.ts";
import type { Acceptor, TransportLimits, Upgrade } from "../wire/transport.ts";
import { type BunSocket, type BunSocketData, BunTransport } from "./bun_transport.ts";
import {
  answerFrom,
  describeEndpoint,
  type Fallback,
  internalError,
  type Listener,
  type ListenOptions,
  malformedUpgrade,
  type OnPlainError,
  wantsWebSocket,
} from "./listen.ts";

export type { BunSocket, BunSocketData } from "./bun_transport.ts";

/** Longest idle timeout, in seconds, that Bun accepts for a socket. */
const MAX_IDLE_TIMEOUT_S = 960;
/** Idle timeout of a plain request, in seconds: the longest that Bun accepts. */
const PLAIN_IDLE_TIMEOUT_S = 255;

/** The part of Bun's `Server` that is used. */
export interface BunServer {
  /** Upgrade a request. */
  upgrade(
    request: Request,
    options: { headers: Record<string, string>; data: BunSocketData },
  ): boolean;
  /** Set the idle timeout of one request. */
  timeout?(request: Request, seconds: number): void;
  /** The peer's address. */
  requestIP(request: Request): { readonly address: string } | null;
}

/** The `websocket` part of `Bun.serve`'s options. */
export interface BunWebSocketHandler {
  /** Bytes. */
  readonly maxPayloadLength: number;
  /** 0: never drop. */
  readonly backpressureLimit: number;
  /** Seconds without traffic in either direction before Bun closes. */
  readonly idleTimeout: number;
  /** Whether Bun pings as well. */
  readonly sendPings: boolean;
  /** Off: messages are deflated already. */
  readonly perMessageDeflate: boolean;
  /** A socket opened. */
  open(socket: BunSocket): void;
  /** A message came. */
  message(socket: BunSocket, message: string | Uint8Array): void;
  /** A ping came. */
  ping(socket: BunSocket): void;
  /** A pong came. */
  pong(socket: BunSocket): void;
  /** A socket is writable again. */
  drain(socket: BunSocket): void;
  /** A socket ended. */
  close(socket: BunSocket, code: number, reason: string): void;
}

/** Options for `Bun.serve`. */
export interface BunHandlers {
  /** `undefined` once the request was upgraded. */
  fetch(
    request: Request,
    server: BunServer,
  ): Response | undefined | Promise<Response | undefined>;
  /** How sockets are served. */
  readonly websocket: BunWebSocketHandler;
}

/** Handlers that upgrade the requests `acceptor` accepts. Requests for no WebSocket go to `fallback`. */
export function handlers(
  acceptor: Acceptor,
  fallback: Fallback = describeEndpoint,
  onError: OnPlainError = () => {},
): BunHandlers {
  const upgrade = (
    request: Request,
    server: BunServer,
    decision: Upgrade | Response,
  ): Response | undefined => {
    if (decision instanceof Response) return decision;
    const upgraded = server.upgrade(request, {
      headers: { ...decision.headers, "Sec-WebSocket-Protocol": decision.protocol },
      // Services that share a port share the `websocket` of one of them, so the limit is read here.
      data: { open: (socket) => open(socket, decision, acceptor) },
    });
    return upgraded ? undefined : malformedUpgrade();
  };
  const idleTimeoutS = Math.ceil(2 * acceptor.idleTimeoutMs / 1000);
  return {
    fetch(request, server) {
      // Bun accepts a malformed `Host`; the request's URL is then invalid.
      if (!URL.canParse(request.url)) return new Response("Malformed request", { status: 400 });
      const peer = { address: server.requestIP(request)?.address ?? "" };
      if (!wantsWebSocket(request)) {
        return answerFrom(fallback, request, (error) => onError(error, peer));
      }
      const decision = acceptor.upgrade(request, peer);
      return decision instanceof Promise
        ? decision.then((decided) => upgrade(request, server, decided))
        : upgrade(request, server, decision);
    },
    websocket: {
      // The bound for peers with the extension. The lower bound of other peers is enforced later.
      maxPayloadLength: maxFrameBytes(acceptor.maxMessageBytes, EXTENSION),
      backpressureLimit: 0,
      // For sockets that are closing: an open one's heartbeat pings and ends it earlier.
      idleTimeout: Math.min(MAX_IDLE_TIMEOUT_S, idleTimeoutS),
      // Bun pings after half of its idle timeout.
      sendPings: idleTimeoutS > MAX_IDLE_TIMEOUT_S,
      perMessageDeflate: false,
      open(socket) {
        socket.data.open?.(socket);
      },
      message({ data }, message) {
        if (!(data instanceof BunTransport)) return;
        data.heard();
        // The protocol has no use for text, and Rust ignores it.
        if (typeof message !== "string") data.receive(message);
      },
      ping({ data }) {
        if (data instanceof BunTransport) data.heard();
      },
      pong({ data }) {
        if (data instanceof BunTransport) data.heard();
      },
      drain({ data }) {
        if (data instanceof BunTransport) data.onDrain();
      },
      close({ data }, code, reason) {
        if (!(data instanceof BunTransport)) return;
        // Bun has closed it itself, with 1009.
        if (reason === "Received too big message") data.endTooBig();
        data.gone({ code, reason });
      },
    },
  };
}

function open(socket: BunSocket, upgrade: Upgrade, limits: TransportLimits): void {
  socket.binaryType = "uint8array";
  const transport = new BunTransport(socket, limits, upgrade.extension);
  socket.data = transport;
  transport.attach(() => upgrade.open(transport));
}

interface Bun {
  serve(options: unknown): {
    readonly port: number;
    stop(cut?: boolean): Promise<void>;
    closeIdleConnections?(): void;
  };
}

/** Listen with `Bun.serve`. */
export function listen(acceptor: Acceptor, options: ListenOptions): Listener {
  const bun = (globalThis as { readonly Bun?: Bun }).Bun;
  if (bun === undefined) throw new TypeError("Cannot listen: this is not Bun");
  const { cert, key, onError = () => {} } = options;
  const { fetch, websocket } = handlers(acceptor, options.fallback, onError);
  const server = bun.serve({
    port: options.port,
    ...(options.hostname === undefined ? {} : { hostname: options.hostname }),
    ...(cert === undefined || key === undefined ? {} : { tls: { cert, key } }),
    websocket,
    // Bun's default is 128 MiB. Bodies are streamed, and the fallback decides how much it reads.
    maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    fetch(request: Request, server: BunServer) {
      // Bun's default of ten seconds is too short for server-sent events.
      server.timeout?.(request, PLAIN_IDLE_TIMEOUT_S);
      return fetch(request, server);
    },
    // A body failed while it was sent. Bun's error page would show the peer source and paths.
    error(error: unknown) {
      onError(error, { address: "" });
      return internalError();
    },
  });
  return {
    port: server.port,
    async close() {
      const stopped = server.stop();
      // Bun waits for idle keep-alive connections, which browsers hold open.
      server.closeIdleConnections?.();
      await stopped;
    },
    abort: () => void server.stop(true),
  };
}
