/**
 * Listening with `Bun.serve`. Bun's types are written out as far as they are needed.
 *
 * @module
 */

import type { Acceptor, Transport, Upgrade } from "../wire/transport.ts";
import { truncateReason } from "./frames.ts";
import { Guard } from "./guard.ts";
import { malformedUpgrade, upgradeRequired, wantsWebSocket } from "./listen.ts";
import type { Fallback, Listener, ListenOptions } from "./listen.ts";

/** Bun closes after this many seconds of silence at the latest. */
const MAX_IDLE_TIMEOUT_S = 960;
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
  /** The peer's address. */
  requestIP(request: Request): { readonly address: string } | null;
}

/** What a socket carries. */
export interface BunSocketData {
  /**
   * The acceptor's decision, until the socket opens.
   *
   * @internal
   */
  upgrade: Upgrade | undefined;
  /**
   * Its service's limit: services that share a port share the `websocket` of one of them.
   *
   * @internal
   */
  readonly maxMessageBytes: number;
  /**
   * Set when the socket opens.
   *
   * @internal
   */
  transport: BunTransport | undefined;
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
export class BunTransport implements Transport {
  readonly #socket: BunSocket;
  /** What the callbacks go through. */
  readonly guard: Guard;
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;
  #handling = false;

  /** Create for an open socket. */
  constructor(socket: BunSocket, maxMessageBytes: number) {
    this.#socket = socket;
    this.guard = new Guard(maxMessageBytes, (code, reason) => this.#close(code, reason));
  }

  /** Bytes that Bun or this still holds. */
  get bufferedAmount(): number {
    return this.guard.ended ? 0 : this.#gatheredBytes + this.#socket.getBufferedAmount();
  }

  /** A message came. */
  receive(message: string | Uint8Array): void {
    if (typeof message === "string") return this.guard.text();
    this.#handling = true;
    this.guard.message(message);
    this.#handling = false;
  }

  /** Queue one message. */
  send(message: Uint8Array<ArrayBuffer>, stable = false): void {
    if (this.#socket.readyState !== 1) return;
    if (message.length >= MAX_GATHERED_BYTES) {
      this.#flush();
      return this.#write(message);
    }
    if (this.#handling && this.#gathered.length === 0) return this.#write(message);
    this.#gatheredBytes += message.length;
    if (this.#gathered.push(stable ? message : message.slice()) === 1) {
      queueMicrotask(() => this.#flush());
    }
  }

  /** Begin the close handshake. */
  close(code: number, reason: string): void {
    if (!this.guard.ended) this.#close(code, reason);
  }

  /** Cut the connection. */
  terminate(): void {
    if (this.guard.ended) return;
    this.guard.end({ code: 1006, reason: "Terminated" });
    this.#socket.terminate();
  }

  #close(code: number, reason: string): void {
    if (this.#socket.readyState !== 1) return;
    this.#flush();
    this.#socket.close(code, truncateReason(reason));
  }

  #flush(): void {
    const messages = this.#gathered;
    if (messages.length === 0) return;
    this.#gathered = [];
    this.#gatheredBytes = 0;
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

/** Handlers that upgrade what `acceptor` accepts. Requests that ask for no WebSocket go to `fallback`. */
export function handlers(acceptor: Acceptor, fallback: Fallback = upgradeRequired): BunHandlers {
  const upgrade = (
    request: Request,
    server: BunServer,
    decision: Upgrade | Response,
  ): Response | undefined => {
    if (decision instanceof Response) return decision;
    const upgraded = server.upgrade(request, {
      headers: { ...decision.headers, "Sec-WebSocket-Protocol": decision.protocol },
      data: {
        upgrade: decision,
        maxMessageBytes: acceptor.maxMessageBytes,
        transport: undefined,
      },
    });
    return upgraded ? undefined : malformedUpgrade();
  };
  return {
    fetch(request, server) {
      // Bun lets a malformed `Host` through, of which it makes no URL.
      if (!URL.canParse(request.url)) return new Response("Malformed request", { status: 400 });
      if (!wantsWebSocket(request)) return fallback(request);
      const decision = acceptor.upgrade(request, {
        address: server.requestIP(request)?.address ?? "",
      });
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
        socket.binaryType = "uint8array";
        const transport = new BunTransport(socket, socket.data.maxMessageBytes);
        socket.data.transport = transport;
        const { upgrade } = socket.data;
        socket.data.upgrade = undefined;
        if (upgrade !== undefined) transport.guard.attach(() => upgrade.open(transport));
      },
      message(socket, message) {
        socket.data.transport?.receive(message);
      },
      close(socket, code, reason) {
        socket.data.transport?.guard.end({ code, reason });
      },
    },
  };
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
  const { cert, key } = options;
  const server = bun.serve({
    port: options.port,
    ...(options.hostname === undefined ? {} : { hostname: options.hostname }),
    ...(cert === undefined || key === undefined ? {} : { tls: { cert, key } }),
    ...handlers(acceptor, options.fallback),
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
