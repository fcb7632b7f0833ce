/**
 * {@linkcode OpenSockets}: the open sockets of a server.
 *
 * @module
 */

import type { Socket } from "node:net";
import { MAX_DELAY_MS } from "../../wire/option_kinds.ts";

/** Every open socket of a server, with a timeout for its first request. */
export class OpenSockets {
  readonly #timeoutMs: number;
  readonly #maxPlain: number;
  readonly #onRefused: (socket: Socket) => void;
  /** Sockets that are not, or not yet, WebSockets. */
  readonly #plain = new Set<Socket>();
  /** The timers of sockets that have not sent a request yet. */
  readonly #timers = new Map<Socket, ReturnType<typeof setTimeout> | undefined>();
  /** Sockets in their TLS handshake, by the peer's address and port. */
  readonly #handshaking = new Map<string, Socket>();
  #onEmpty: (() => void) | undefined;
  #draining = false;

  /** One function for all sockets: a closure per socket costs memory. */
  readonly #onClose: (this: Socket) => void;

  /**
   * Destroys sockets that don't settle within `timeoutMs`, and new sockets while `maxPlain` open ones are not
   * WebSockets; calls `onRefused` for the latter.
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

  /** Add a socket that was just accepted. */
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

  /** Add a socket before its TLS handshake; {@linkcode OpenSockets.addSecure} follows. */
  addHandshaking(socket: Socket): void {
    const peer = peerKey(socket);
    this.#handshaking.set(peer, socket);
    socket.on("close", () => this.#handshaking.delete(peer));
    this.add(socket);
  }

  /** Add a TLS socket in place of its TCP socket, which ends with it. */
  addSecure(socket: Socket): void {
    const under = this.#handshaking.get(peerKey(socket));
    if (under !== undefined) this.release(under);
    this.add(socket);
  }

  /** Whether the limit is reached. */
  get draining(): boolean {
    return this.#draining;
  }

  /** Restart the timeout, with so many milliseconds more. */
  expect(socket: Socket, moreMs = 0): void {
    if (!this.#timers.has(socket) || socket.destroyed) return;
    clearTimeout(this.#timers.get(socket));
    if (this.#draining) return void socket.destroy();
    const timeoutMs = Math.min(this.#timeoutMs + moreMs, MAX_DELAY_MS);
    this.#timers.set(socket, setTimeout(() => socket.destroy(), timeoutMs));
  }

  /** The socket has settled: its request arrived. */
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
   * Everything is written. Destroy the socket when the peer reads nothing for `timeoutMs`, and `timeoutMs`
   * after it has read everything, even if it still sends.
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

  /** Cut sockets that have not settled; resolves when the others have ended. */
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
    // A socket of `node:tls` may report its end late.
    this.#timers.clear();
    this.#plain.clear();
    this.#onEmpty?.();
  }
}

function ignore(): void {}

function peerKey({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
