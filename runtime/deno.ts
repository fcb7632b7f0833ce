/**
 * A handler to mount on `Deno.serve`.
 *
 * `serve()` uses `node/server.ts` instead, which lists what `Deno.serve` lacks.
 *
 * @module
 */

import type { Extension } from "../wire/handshake.ts";
import type { Acceptor, TransportLimits, Upgrade } from "../wire/transport.ts";
import { runtimeName } from "./detect.ts";
import { truncateReason } from "./websocket/frames.ts";
import { TurnGuard } from "./turn_guard.ts";
import {
  answerFrom,
  describeEndpoint,
  type Fallback,
  malformedUpgrade,
  type OnPlainError,
  wantsWebSocket,
} from "./listen.ts";

/** A handler for `Deno.serve`, `deno serve` or a router on top of them. */
export type Handler = (
  request: Request,
  info?: { readonly remoteAddr?: unknown },
) => Response | Promise<Response>;

/** Deno has no hard stop for one socket: see {@linkcode DenoTransport.terminate}. */
class DenoTransport extends TurnGuard {
  readonly #socket: WebSocket;
  /** Bytes buffered when it was closed: Deno reports 0 from then on but still holds them. */
  #leftBytes: number | undefined;

  constructor(socket: WebSocket, limits: TransportLimits, extension: Extension | undefined) {
    super(limits, extension);
    this.#socket = socket;
  }

  get bufferedAmount(): number {
    const gone = this.ended && this.lingers === undefined;
    return gone ? 0 : this.#leftBytes ?? this.#socket.bufferedAmount + this.gatheredBytes;
  }

  /** Deno cannot end a socket whose peer does not read: see {@linkcode DenoTransport.terminate}. */
  override get lingers(): "stuck" | undefined {
    return super.lingers && "stuck";
  }

  get #isOpen(): boolean {
    return this.#leftBytes === undefined && this.#socket.readyState === WebSocket.OPEN;
  }

  send(message: Uint8Array<ArrayBuffer>): void {
    if (this.#isOpen) this.gather(message);
  }

  protected sendNow(message: Uint8Array<ArrayBuffer>): void {
    // Deno copies before `send` returns.
    if (this.#isOpen) this.#socket.send(message);
  }

  /**
   * The owner is notified at once, and no more messages are delivered. Bytes queued in the runtime for a peer
   * that doesn't read stay there until the peer leaves: no API frees them.
   */
  terminate(): void {
    if (this.ended) return;
    this.end({ code: 1006, reason: "Terminated" });
    this.hangUp(1001, "");
  }

  protected hangUp(code: number, reason: string): void {
    if (!this.#isOpen) return;
    this.flush();
    this.#leftBytes = this.#socket.bufferedAmount;
    // Deno closes without a close frame while unread frames of the peer wait.
    setTimeout(() => this.#socket.close(code, truncateReason(reason)));
  }
}

/** A handler that upgrades the requests `acceptor` accepts. Requests for no WebSocket go to `fallback`. */
export function handler(
  acceptor: Acceptor,
  fallback: Fallback = describeEndpoint,
  onError: OnPlainError = () => {},
): Handler {
  return (request, info) => {
    const peer = { address: addressOf(info?.remoteAddr) };
    if (!wantsWebSocket(request)) {
      return answerFrom(fallback, request, (error) => onError(error, peer));
    }
    if (runtimeName() !== "deno") {
      throw new TypeError("Cannot upgrade: fetch does on Deno and Bun; use serve() or upgrade()");
    }
    const decision = acceptor.upgrade(request, peer);
    return decision instanceof Promise
      ? decision.then((decided) => answer(request, decided, acceptor))
      : answer(request, decision, acceptor);
  };
}

function answer(
  request: Request,
  decision: Upgrade | Response,
  acceptor: Acceptor,
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
  const transport = new DenoTransport(socket, acceptor, decision.extension);
  let failure = "";
  socket.onopen = () => transport.attach(() => decision.open(transport));
  socket.onmessage = ({ data }) => {
    // The protocol has no use for text, and Rust ignores it.
    if (data instanceof ArrayBuffer) transport.receive(new Uint8Array(data));
  };
  socket.onerror = (event) => failure = event instanceof ErrorEvent ? event.message : "";
  // Fires twice after an idle timeout.
  socket.onclose = ({ code, reason }) => {
    // Deno reports code 0 if there was no close handshake.
    transport.gone(code === 0 ? { code: 1006, reason: reason || failure } : { code, reason });
  };
  return response;
}

function addressOf(remote: unknown): string {
  if (typeof remote !== "object" || remote === null || !("hostname" in remote)) return "";
  return typeof remote.hostname === "string" ? remote.hostname : "";
}
