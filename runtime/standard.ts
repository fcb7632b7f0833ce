/**
 * Serves a WebSocket that other code has upgraded: `ws` on Node, Cloudflare's pair, or any object with the
 * standard events.
 *
 * @module
 */

import type { Extension } from "../wire/handshake.ts";
import type { Acceptor, PeerInfo, TransportLimits, Upgrade } from "../wire/transport.ts";
import { truncateReason } from "./websocket/frames.ts";
import { TurnGuard } from "./turn_guard.ts";

/** `WebSocket.OPEN`. */
const OPEN = 1;
/** `WebSocket.CLOSED`. */
const CLOSED = 3;

/** The part of a standard `WebSocket` that is used. */
export interface StandardSocket {
  /** 0 connecting, 1 open, 2 closing, 3 closed. */
  readonly readyState: number;
  /** Set to `"arraybuffer"`. The data of a message is given for good: a large item of a stream keeps its memory. */
  binaryType?: string;
  /** Bytes not yet passed to the system; absent on Cloudflare. */
  readonly bufferedAmount?: number;
  /** Send one message. The transport passes a copy, so a socket may keep it. */
  send(message: Uint8Array<ArrayBuffer>): void;
  /** Begin the close handshake. */
  close(code?: number, reason?: string): void;
  /** Cut the connection, where that is possible (`ws`). */
  terminate?(): void;
  /** Listen to `open`, `message`, `close` and `error`. */
  addEventListener(
    type: "open" | "message" | "close" | "error",
    listener: (event: StandardEvent) => void,
  ): void;
}

/** The part of a socket's events that is used. */
export interface StandardEvent {
  /** Its name; TypeScript needs one property that all kinds of events have. */
  readonly type?: string;
  /** Of a message. */
  readonly data?: unknown;
  /** Of a close. */
  readonly code?: number;
  /** Of a close. */
  readonly reason?: string;
  /** Of an error. */
  readonly message?: string;
}

/** A request that is accepted: answer it, then hand over the socket. */
export interface StandardUpgrade {
  /** The subprotocol to answer. */
  readonly protocol: string;
  /** Headers to answer, the subprotocol's included. */
  readonly headers: Readonly<Record<string, string>>;
  /** Serve a socket, open or about to be. @throws {TypeError} If it was called before. */
  accept(socket: StandardSocket): void;
}

/** One standard socket. */
export class StandardTransport extends TurnGuard {
  /** The socket. */
  protected readonly socket: StandardSocket;

  /** Create for a socket, open or about to be. */
  constructor(socket: StandardSocket, limits: TransportLimits, extension?: Extension) {
    super(limits, extension);
    this.socket = socket;
  }

  /** Whether messages can be sent. */
  protected get isOpen(): boolean {
    return this.socket.readyState === OPEN;
  }

  get bufferedAmount(): number {
    const counts = !this.ended || this.lingers !== undefined;
    return counts ? (this.socket.bufferedAmount ?? 0) + this.gatheredBytes : 0;
  }

  send(message: Uint8Array<ArrayBuffer>): void {
    // Cloudflare reports a socket of another request only when it is used.
    if (this.socket.bufferedAmount === undefined) this.sendNow(message);
    else if (this.isOpen) this.gather(message);
  }

  protected sendNow(message: Uint8Array<ArrayBuffer>): void {
    try {
      // `ws` writes later, from the memory it was given.
      if (this.isOpen) this.socket.send(message.slice());
    } catch (error) {
      throw inWords(error);
    }
  }

  /** Notify the owner at once. A socket without `terminate` closes normally. */
  terminate(): void {
    if (this.ended) return;
    this.end({ code: 1006, reason: "Terminated" });
    if (this.socket.terminate === undefined) this.hangUp(1001, "");
    else this.socket.terminate();
  }

  protected hangUp(code: number, reason: string): void {
    try {
      this.flush();
      if (this.isOpen) this.socket.close(code, truncateReason(reason));
    } catch {
      // It belongs to another request and cannot be closed here.
      this.end({ code: 1006, reason });
    }
  }
}

/** The error of a Cloudflare Worker for a socket of another request. */
function inWords(error: unknown): unknown {
  if (!String(error).includes("on behalf of a different request")) return error;
  return new Error(
    "Cannot send on a socket of another request: at Cloudflare, connections that hear of one another " +
      "have to be in one Durable Object",
    { cause: error },
  );
}

/** Decide on a request whose socket other code upgrades. */
export async function upgradeStandard(
  acceptor: Acceptor,
  request: Request,
  peer: PeerInfo,
): Promise<StandardUpgrade | Response> {
  const decision = await acceptor.upgrade(request, peer);
  if (decision instanceof Response) return decision;
  const { protocol } = decision;
  let isAccepted = false;
  return {
    protocol,
    headers: { ...decision.headers, "sec-websocket-protocol": protocol },
    accept(socket) {
      if (isAccepted) {
        throw new TypeError("Cannot accept a second socket: upgrade() decided on one request");
      }
      isAccepted = true;
      attach(socket, decision, acceptor);
    },
  };
}

function closeInTurn(socket: StandardSocket): void {
  try {
    socket.close();
  } catch {
    // It counts as closed.
  }
}

function attach(socket: StandardSocket, upgrade: Upgrade, limits: TransportLimits): void {
  const transport = new StandardTransport(socket, limits, upgrade.extension);
  // A socket that cannot be cut never reports its end.
  if (socket.terminate === undefined) transport.leave();
  join(socket, transport, upgrade);
}

/** Let a transport hear its socket, and open its connection once that is open. */
export function join(
  socket: StandardSocket,
  transport: StandardTransport,
  upgrade: Upgrade,
): void {
  let failure = "";
  // Cloudflare has no `binaryType` and always delivers ArrayBuffers.
  if (socket.binaryType !== undefined) socket.binaryType = "arraybuffer";
  socket.addEventListener("message", ({ data }) => {
    // The protocol has no use for text, and Rust ignores it.
    if (data instanceof ArrayBuffer) transport.receive(new Uint8Array(data));
    else if (data instanceof Uint8Array) transport.receive(data);
  });
  // Fires twice on Deno after an idle timeout.
  socket.addEventListener("close", ({ code, reason }) => {
    // Deno reports code 0 if there was no close handshake.
    transport.gone(
      code ? { code, reason: reason ?? "" } : { code: 1006, reason: reason || failure },
    );
    // On Cloudflare both ends wait for this close.
    if (socket.readyState !== CLOSED) closeInTurn(socket);
  });
  // A close follows.
  socket.addEventListener("error", ({ message }) => failure = message ?? "");
  const open = (): void => transport.attach(() => upgrade.open(transport));
  if (socket.readyState === OPEN) open();
  else socket.addEventListener("open", open);
}
