/**
 * Listening with `Deno.serve`.
 *
 * @module
 */

import type { Acceptor, Transport, Upgrade } from "../wire/transport.ts";
import { truncateReason } from "./frames.ts";
import { Guard } from "./guard.ts";
import { malformedUpgrade, upgradeRequired, wantsWebSocket } from "./listen.ts";
import type { Fallback, Listener, ListenOptions } from "./listen.ts";

/** A handler for `Deno.serve`, `deno serve` or a router on top of them. */
export type Handler = (
  request: Request,
  info?: { readonly remoteAddr?: unknown },
) => Response | Promise<Response>;

/** Deno has no hard stop for one socket: see {@linkcode DenoTransport.terminate}. */
class DenoTransport implements Transport {
  readonly #socket: WebSocket;
  readonly guard: Guard;

  constructor(socket: WebSocket, maxMessageBytes: number) {
    this.#socket = socket;
    this.guard = new Guard(maxMessageBytes, (code, reason) => this.#close(code, reason));
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount;
  }

  send(message: Uint8Array<ArrayBuffer>): void {
    // Deno copies before `send` returns.
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(message);
  }

  close(code: number, reason: string): void {
    if (!this.guard.ended) this.#close(code, reason);
  }

  /**
   * The owner is told of the end at once, and nothing is delivered any more. What is queued in the
   * runtime for a peer that does not read stays there until that peer goes: no API frees it.
   */
  terminate(): void {
    if (this.guard.ended) return;
    this.guard.end({ code: 1006, reason: "Terminated" });
    this.#close(1001, "");
  }

  #close(code: number, reason: string): void {
    if (this.#socket.readyState !== WebSocket.OPEN) return;
    this.#socket.close(code, truncateReason(reason));
  }
}

/** Sockets that are open, and who waits for the last to end. */
class Sockets {
  readonly #open = new Set<WebSocket>();
  #onEmpty: (() => void) | undefined;

  add(socket: WebSocket): void {
    this.#open.add(socket);
  }

  delete(socket: WebSocket): void {
    this.#open.delete(socket);
    if (this.#open.size === 0) this.#onEmpty?.();
  }

  empty(): Promise<void> {
    if (this.#open.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onEmpty = resolve);
  }
}

/** A handler that upgrades what `acceptor` accepts. Requests that ask for no WebSocket go to `fallback`. */
export function handler(acceptor: Acceptor, fallback: Fallback = upgradeRequired): Handler {
  return handlerOf(acceptor, fallback, new Sockets());
}

function handlerOf(acceptor: Acceptor, fallback: Fallback, sockets: Sockets): Handler {
  return (request, info) => {
    if (!wantsWebSocket(request)) return fallback(request);
    const decision = acceptor.upgrade(request, { address: addressOf(info?.remoteAddr) });
    return decision instanceof Promise
      ? decision.then((decided) => answer(request, decided, acceptor, sockets))
      : answer(request, decision, acceptor, sockets);
  };
}

function answer(
  request: Request,
  decision: Upgrade | Response,
  acceptor: Acceptor,
  sockets: Sockets,
): Response {
  if (decision instanceof Response) return decision;
  // Built first: after the upgrade a throw would end the whole server.
  const headers = new Headers(decision.headers);
  headers.set("sec-websocket-protocol", decision.protocol);
  // Deno pings after half of this time.
  const idleTimeout = Math.ceil(2 * acceptor.idleTimeoutMs / 1000);
  let upgraded: Deno.WebSocketUpgrade;
  try {
    upgraded = Deno.upgradeWebSocket(request, { idleTimeout });
  } catch {
    return malformedUpgrade();
  }
  const { socket, response } = upgraded;
  for (const [name, value] of headers) response.headers.set(name, value);
  socket.binaryType = "arraybuffer";
  const transport = new DenoTransport(socket, acceptor.maxMessageBytes);
  const { guard } = transport;
  let failure = "";
  socket.onopen = () => {
    sockets.add(socket);
    guard.attach(() => decision.open(transport));
  };
  socket.onmessage = ({ data }) => {
    if (data instanceof ArrayBuffer) guard.message(new Uint8Array(data));
    else guard.text();
  };
  socket.onerror = (event) => failure = event instanceof ErrorEvent ? event.message : "";
  // Comes twice after an idle timeout.
  socket.onclose = ({ code, reason }) => {
    sockets.delete(socket);
    // Deno says 0 when there was no close handshake.
    guard.end(code === 0 ? { code: 1006, reason: reason || failure } : { code, reason });
  };
  return response;
}

/** Listen with `Deno.serve`. */
export function listen(acceptor: Acceptor, options: ListenOptions): Listener {
  const sockets = new Sockets();
  const accept = handlerOf(acceptor, options.fallback ?? upgradeRequired, sockets);
  const controller = new AbortController();
  const { promise: aborted, resolve: abort } = Promise.withResolvers<void>();
  controller.signal.addEventListener("abort", () => abort());
  let closing: Promise<void> | undefined;
  const { cert, key } = options;
  const server = Deno.serve(
    {
      port: options.port,
      ...(options.hostname === undefined ? {} : { hostname: options.hostname }),
      ...(cert === undefined || key === undefined ? {} : { cert, key }),
      signal: controller.signal,
      onListen() {},
    },
    // `shutdown` would close every socket: the port stays bound until the last has ended.
    (request, info) =>
      closing === undefined ? accept(request, info) : new Response(null, { status: 503 }),
  );
  const stop = (): void => controller.abort();
  options.signal?.addEventListener("abort", stop, { once: true });
  if (options.signal?.aborted) stop();
  void server.finished.then(() => options.signal?.removeEventListener("abort", stop));
  return {
    port: server.addr.port,
    hostname: server.addr.hostname,
    close: () => closing ??= Promise.race([aborted, sockets.empty().then(() => server.shutdown())]),
    abort: stop,
  };
}

function addressOf(remote: unknown): string {
  if (typeof remote !== "object" || remote === null || !("hostname" in remote)) return "";
  return typeof remote.hostname === "string" ? remote.hostname : "";
}
