/**
 * Listening with `Bun.serve`. Bun's types are written out as far as they are needed.
 *
 * @module
 */

import type { Acceptor, Upgrade } from "../wire/transport.ts";
import { truncateReason } from "./frames.ts";
import { GuardedTransport } from "./guard.ts";
import {
  answerFrom,
  type Fallback,
  internalError,
  type Listener,
  type ListenOptions,
  malformedUpgrade,
  type OnPlainError,
  upgradeRequired,
  wantsWebSocket,
} from "./listen.ts";

/** Bun closes after this many seconds of silence at the latest. */
const MAX_IDLE_TIMEOUT_S = 960;
/** Seconds for which nothing may move in a plain request: the longest that Bun takes. */
const PLAIN_IDLE_TIMEOUT_S = 255;
/** Messages from this many bytes on are not gathered: a copy would cost more than a write. */
const MAX_GATHERED_BYTES = 16 * 1024;

/** What is used of Bun's `ServerWebSocket`. */
export interface BunSocket {
  /** What `upgrade` was given. */
  data: BunSocketData;
  /** 1 while open. */
  readonly readyState: number;
  /** What `message` is given. */
  binaryType: string;
  /** Bytes written; -1: queued; 0: dropped, or empty. */
  send(message: Uint8Array): number;
  /** Write what `send` is called with inside as one. */
  cork(callback: () => void): unknown;
  /** Begin the close handshake. */
  close(code?: number, reason?: string): void;
  /** Cut the connection. */
  terminate(): void;
  /** Bytes not yet handed to the system. */
  getBufferedAmount(): number;
}

/** What is used of Bun's `Server`. */
export interface BunServer {
  /** Upgrade a request. */
  upgrade(
    request: Request,
    options: { headers: Record<string, string>; data: BunSocketData },
  ): boolean;
  /** How long nothing may move in a request. */
  timeout?(request: Request, seconds: number): void;
  /** The peer's address. */
  requestIP(request: Request): { readonly address: string } | null;
}

/** What a socket carries: the acceptor's decision until it opens, and then its transport. */
export interface BunSocketData {
  /**
   * The socket has opened.
   *
   * @internal
   */
  readonly open?: ((socket: BunSocket) => void) | undefined;
}

/** The `websocket` part of `Bun.serve`'s options. */
export interface BunWebSocketHandler {
  /** Bytes. */
  readonly maxPayloadLength: number;
  /** 0: never drop. */
  readonly backpressureLimit: number;
  /** Seconds; Bun pings after half. */
  readonly idleTimeout: number;
  /** Whether to ping. */
  readonly sendPings: boolean;
  /** Off: messages are deflated already. */
  readonly perMessageDeflate: boolean;
  /** A socket opened. */
  open(socket: BunSocket): void;
  /** A message came. */
  message(socket: BunSocket, message: string | Uint8Array): void;
  /** A socket ended. */
  close(socket: BunSocket, code: number, reason: string): void;
}

/** What to give `Bun.serve`. */
export interface BunHandlers {
  /** `undefined` once the request was upgraded. */
  fetch(
    request: Request,
    server: BunServer,
  ): Response | undefined | Promise<Response | undefined>;
  /** How sockets are served. */
  readonly websocket: BunWebSocketHandler;
}

/**
 * One socket of `Bun.serve`.
 *
 * Bun gathers what a message handler sends on its own socket; whatever else is sent in one turn is
 * gathered here, since each message would cost a system call.
 */
export class BunTransport extends GuardedTransport implements BunSocketData {
  /** It is open. */
  declare readonly open?: undefined;
  readonly #socket: BunSocket;
  /** What is to be written at the end of the turn, if anything is. */
  #gathered: Uint8Array[] | undefined;
  #hungUp = false;

  /** Create for an open socket. */
  constructor(socket: BunSocket, maxMessageBytes: number) {
    super(maxMessageBytes);
    this.#socket = socket;
  }

  /** Bytes that Bun or this still holds. */
  get bufferedAmount(): number {
    if (this.ended) return 0;
    let bytes = this.#socket.getBufferedAmount();
    for (const { length } of this.#gathered ?? []) bytes += length;
    return bytes;
  }

  override receive(message: Uint8Array): void {
    handling = this;
    super.receive(message);
    handling = undefined;
  }

  /** Queue one message. */
  send(message: Uint8Array<ArrayBuffer>, stable = false): void {
    // Not `readyState`, which is a call into the runtime for each message.
    if (this.#hungUp || this.ended) return;
    if (message.length >= MAX_GATHERED_BYTES) {
      this.#flush();
      return this.#write(message);
    }
    if (handling === this && this.#gathered === undefined) return this.#write(message);
    const kept = stable ? message : message.slice();
    if (this.#gathered !== undefined) return void this.#gathered.push(kept);
    this.#gathered = [kept];
    queueMicrotask(() => this.#flush());
  }

  /** Cut the connection. */
  terminate(): void {
    if (this.ended) return;
    this.end({ code: 1006, reason: "Terminated" });
    this.#socket.terminate();
  }

  protected hangUp(code: number, reason: string): void {
    if (this.#hungUp || this.#socket.readyState !== 1) return;
    this.#flush();
    this.#hungUp = true;
    this.#socket.close(code, truncateReason(reason));
  }

  #flush(): void {
    const messages = this.#gathered;
    if (messages === undefined) return;
    this.#gathered = undefined;
    const [only] = messages;
    if (messages.length === 1 && only !== undefined) return this.#write(only);
    this.#socket.cork(() => {
      for (const message of messages) this.#write(message);
    });
  }

  #write(message: Uint8Array): void {
    // Bun copies before `send` returns. A dropped message would leave the peer with a wrong state.
    const dropped = this.#socket.send(message) === 0 && message.length > 0;
    if (dropped && this.#socket.readyState === 1) this.terminate();
  }
}

/** The transport whose message is being handled: what it sends, Bun gathers. */
let handling: BunTransport | undefined;

/** Handlers that upgrade what `acceptor` accepts. Requests that ask for no WebSocket go to `fallback`. */
export function handlers(
  acceptor: Acceptor,
  fallback: Fallback = upgradeRequired,
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
      data: { open: (socket) => open(socket, decision, acceptor.maxMessageBytes) },
    });
    return upgraded ? undefined : malformedUpgrade();
  };
  return {
    fetch(request, server) {
      // Bun lets a malformed `Host` through, of which it makes no URL.
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
      maxPayloadLength: acceptor.maxMessageBytes,
      backpressureLimit: 0,
      // Bun pings after half of this time.
      idleTimeout: Math.min(MAX_IDLE_TIMEOUT_S, Math.ceil(2 * acceptor.idleTimeoutMs / 1000)),
      sendPings: acceptor.idleTimeoutMs > 0,
      perMessageDeflate: false,
      open(socket) {
        socket.data.open?.(socket);
      },
      message({ data }, message) {
        if (!(data instanceof BunTransport)) return;
        if (typeof message === "string") data.receiveText();
        else data.receive(message);
      },
      close({ data }, code, reason) {
        if (!(data instanceof BunTransport)) return;
        // Bun has closed it itself, with 1009.
        if (reason === "Received too big message") data.endTooBig();
        else data.end({ code, reason });
      },
    },
  };
}

function open(socket: BunSocket, upgrade: Upgrade, maxMessageBytes: number): void {
  socket.binaryType = "uint8array";
  const transport = new BunTransport(socket, maxMessageBytes);
  socket.data = transport;
  transport.attach(() => upgrade.open(transport));
}

interface Bun {
  serve(options: unknown): {
    readonly port: number;
    readonly hostname: string;
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
    fetch(request: Request, server: BunServer) {
      // Ten seconds otherwise: too short for a stream of events.
      server.timeout?.(request, PLAIN_IDLE_TIMEOUT_S);
      return fetch(request, server);
    },
    // A body that fails on its way. Bun's own page shows the peer source and paths.
    error(error: unknown) {
      onError(error, { address: "" });
      return internalError();
    },
  });
  const stop = (): void => {
    options.signal?.removeEventListener("abort", stop);
    void server.stop(true);
  };
  options.signal?.addEventListener("abort", stop);
  if (options.signal?.aborted) stop();
  return {
    port: server.port,
    hostname: server.hostname,
    async close() {
      const stopped = server.stop();
      // A browser keeps connections open for requests to come, and Bun waits for them.
      server.closeIdleConnections?.();
      await stopped;
      options.signal?.removeEventListener("abort", stop);
    },
    abort: stop,
  };
}
