/**
 * {@linkcode BunTransport}: one socket of `Bun.serve`.
 *
 * @module
 */

import { CloseCode } from "../wire/close.ts";
import { type Clock, systemClock } from "../wire/clock.ts";
import type { CloseInfo, TransportLimits } from "../wire/transport.ts";
import { truncateReason } from "./websocket/frames.ts";
import { Heartbeat, type HeartbeatOptions } from "./websocket/heartbeat.ts";
import { TurnGuard, type TurnLimits } from "./turn_guard.ts";

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
  /** Ask the peer for a sign of life. */
  ping(): number;
  /** Cut the connection. */
  terminate(): void;
  /** Bytes not yet handed to the system. */
  getBufferedAmount(): number;
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

/**
 * One socket of `Bun.serve`.
 *
 * Bun gathers what a message handler sends on its own socket; whatever else is sent in one turn is
 * gathered here, since each message would cost a system call.
 */
export class BunTransport extends TurnGuard implements BunSocketData, HeartbeatOptions {
  /** It is open. */
  declare readonly open?: undefined;
  readonly #socket: BunSocket;
  /** What is to be written at the end of the turn, if anything is. */
  #gathered: Uint8Array[] | undefined;
  #hungUp = false;
  readonly clock: Clock = systemClock;
  readonly idleTimeoutMs: number;
  /** Bun's own idle timeout starts again whenever something is sent. */
  readonly #heartbeat: Heartbeat | undefined;

  /** Create for an open socket. */
  constructor(
    socket: BunSocket,
    limits: TurnLimits & Pick<TransportLimits, "idleTimeoutMs">,
  ) {
    super(limits);
    this.#socket = socket;
    const { idleTimeoutMs } = limits;
    this.idleTimeoutMs = idleTimeoutMs;
    if (idleTimeoutMs > 0) this.#heartbeat = new Heartbeat(this);
  }

  /** The peer gave a sign of life. */
  heard(): void {
    this.#heartbeat?.heard();
  }

  ping(): void {
    if (!this.#hungUp && !this.ended) this.#socket.ping();
  }

  onDead(): void {
    const reason = `The peer was silent for ${2 * this.idleTimeoutMs} ms`;
    // A close behind bytes that nobody reads would never end, and cannot be cut after it.
    const stuck = this.#socket.getBufferedAmount() > 0;
    this.end({ code: CloseCode.IdleTimeout, reason, byUs: true });
    if (stuck) this.#socket.terminate();
    else this.hangUp(CloseCode.IdleTimeout, reason);
  }

  override end(info: CloseInfo): void {
    this.#heartbeat?.stop();
    super.end(info);
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
