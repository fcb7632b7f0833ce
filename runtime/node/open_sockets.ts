/**
 * {@linkcode OpenSockets}: what a server has accepted and not seen the end of.
 *
 * @module
 */

import type { Socket } from "node:net";
import { MAX_DELAY_MS } from "../../wire/option_kinds.ts";

/** Every open socket of a server, and how long each may take to say what it wants. */
export class OpenSockets {
  readonly #timeoutMs: number;
  readonly #maxPlain: number;
  readonly #onRefused: (socket: Socket) => void;
  /** Those that are no WebSocket, or not yet. */
  readonly #plain = new Set<Socket>();
  /** The timer of those that have not said yet. */
  readonly #timers = new Map<Socket, ReturnType<typeof setTimeout> | undefined>();
  /** Sockets under which TLS is being agreed on, by the peer's address and port. */
  readonly #handshaking = new Map<string, Socket>();
  #onEmpty: (() => void) | undefined;
  #draining = false;

  /** One function for all sockets: a closure of each one's own costs memory. */
  readonly #onClose: (this: Socket) => void;

  /**
   * Sockets that are not settled within `timeoutMs` are destroyed; so is one that comes while `maxPlain`
   * others are open and no WebSocket, which `onRefused` is told.
   */
  constructor(
    timeoutMs: number,
    maxPlain = Infinity,
    onRefused: (socket: Socket) => void = ignore,
  ) {
    this.#timeoutMs = timeoutMs;
    this.#maxPlain = maxPlain;
    this.#onRefused = onRefused;
    const forget = (socket: Socket): void => this.#forget(socket);
    this.#onClose = function (): void {
      forget(this);
    };
  }

  /** Watch a socket that was just accepted. */
  add(socket: Socket): void {
    // Without a listener an error would end the process.
    socket.on("error", ignore);
    if (this.#draining) return void socket.destroy();
    if (this.#plain.size >= this.#maxPlain) {
      this.#onRefused(socket);
      return void socket.destroy();
    }
    this.#plain.add(socket);
    this.#timers.set(socket, setTimeout(() => socket.destroy(), this.#timeoutMs));
    socket.on("close", this.#onClose);
  }

  /** Watch a socket that TLS will be agreed on, until {@linkcode OpenSockets.addSecure}. */
  addHandshaking(socket: Socket): void {
    const peer = peerKey(socket);
    this.#handshaking.set(peer, socket);
    socket.on("close", () => this.#handshaking.delete(peer));
    this.add(socket);
  }

  /** Watch a socket with TLS in the place of the one under it, which ends with it. */
  addSecure(socket: Socket): void {
    const under = this.#handshaking.get(peerKey(socket));
    if (under !== undefined) this.release(under);
    this.add(socket);
  }

  /** Whether no more may come. */
  get draining(): boolean {
    return this.#draining;
  }

  /** The peer has the same time again, and so much more, for what comes next. */
  expect(socket: Socket, moreMs = 0): void {
    if (!this.#timers.has(socket) || socket.destroyed) return;
    clearTimeout(this.#timers.get(socket));
    if (this.#draining) return void socket.destroy();
    const timeoutMs = Math.min(this.#timeoutMs + moreMs, MAX_DELAY_MS);
    this.#timers.set(socket, setTimeout(() => socket.destroy(), timeoutMs));
  }

  /** The peer has said what it wants. */
  settle(socket: Socket): void {
    clearTimeout(this.#timers.get(socket));
    if (this.#timers.has(socket)) this.#timers.set(socket, undefined);
  }

  /** The peer has become a WebSocket. */
  release(socket: Socket): void {
    this.settle(socket);
    this.#plain.delete(socket);
  }

  #forget(socket: Socket): void {
    this.release(socket);
    this.#timers.delete(socket);
    if (this.#timers.size === 0) this.#onEmpty?.();
  }

  /**
   * All is written. Destroy the socket when the peer has read nothing for `timeoutMs`, and as long after
   * it has read everything, whatever it sends meanwhile.
   */
  end(socket: Socket, timeoutMs: number): void {
    let left = Infinity;
    const check = (): void => {
      const { writableLength } = socket;
      if (writableLength === 0 || writableLength >= left) return void socket.destroy();
      left = writableLength;
      timer = setTimeout(check, timeoutMs);
    };
    let timer = setTimeout(check, timeoutMs);
    socket.once("close", () => clearTimeout(timer));
    if (socket.destroyed) clearTimeout(timer);
  }

  /** Cut those that have not said what they want; resolves when the others have ended. */
  drained(): Promise<void> {
    this.#draining = true;
    for (const [socket, timer] of this.#timers) if (timer !== undefined) socket.destroy();
    if (this.#timers.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#onEmpty = resolve);
  }

  /** Cut all. */
  destroy(): void {
    this.#draining = true;
    for (const [socket, timer] of this.#timers) {
      clearTimeout(timer);
      socket.destroy();
    }
    // A socket of `node:tls` may tell of its end late.
    this.#timers.clear();
    this.#plain.clear();
    this.#onEmpty?.();
  }
}

function ignore(): void {}

function peerKey({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
