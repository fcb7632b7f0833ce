/**
 * A handler to mount on `Deno.serve`.
 *
 * `serve()` uses `node/server.ts` instead, which lists what `Deno.serve` lacks.
 *
 * @module
 */

import type { Acceptor, Upgrade } from "../wire/transport.ts";
import { runtimeName } from "./detect.ts";
import { freeReceived } from "./websocket/buffers.ts";
import { truncateReason } from "./websocket/frames.ts";
import { join, StandardTransport } from "./standard.ts";
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

/**
 * Deno has no hard stop for one socket. `terminate()` notifies the owner at once, and no more messages are
 * delivered; bytes queued in the runtime for a peer that doesn't read stay there until the peer leaves.
 */
class DenoTransport extends StandardTransport {
  /** Bytes buffered when it was closed: Deno reports 0 from then on but still holds them. */
  #leftBytes: number | undefined;

  override get bufferedAmount(): number {
    const gone = this.ended && this.lingers === undefined;
    return gone ? 0 : this.#leftBytes ?? super.bufferedAmount;
  }

  override get lingers(): "stuck" | undefined {
    return super.lingers && "stuck";
  }

  protected override get isOpen(): boolean {
    return this.#leftBytes === undefined && super.isOpen;
  }

  override receive(message: Uint8Array): void {
    // Asked before: its end forgets it.
    const isTaken = this.takesMemory;
    super.receive(message);
    if (!isTaken) freeReceived(message);
  }

  override send(message: Uint8Array<ArrayBuffer>): void {
    if (this.isOpen) this.gather(message);
  }

  protected override sendNow(message: Uint8Array<ArrayBuffer>): void {
    // Deno copies before `send` returns.
    if (this.isOpen) this.socket.send(message);
  }

  protected override hangUp(code: number, reason: string): void {
    if (!this.isOpen) return;
    this.flush();
    this.#leftBytes = this.socket.bufferedAmount ?? 0;
    // Deno closes without a close frame while unread frames of the peer wait.
    setTimeout(() => this.socket.close(code, truncateReason(reason)));
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
  join(socket, new DenoTransport(socket, acceptor, decision.extension), decision);
  return response;
}

function addressOf(remote: unknown): string {
  if (typeof remote !== "object" || remote === null || !("hostname" in remote)) return "";
  return typeof remote.hostname === "string" ? remote.hostname : "";
}
