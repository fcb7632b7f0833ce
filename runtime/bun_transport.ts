/**
 * {@linkcode BunTransport}: one socket of `Bun.serve`.
 *
 * @module
 */

import { CloseCode } from "../wire/close.ts";
import { type Clock, systemClock } from "../wire/clock.ts";
import type { Extension } from "../wire/handshake.ts";
import type { CloseInfo, Shared, TransportLimits } from "../wire/transport.ts";
import { inBatches } from "./gatherer.ts";
import { freeReceived } from "./websocket/buffers.ts";
import { truncateReason } from "./websocket/frames.ts";
import { Heartbeat, type HeartbeatOptions, unref } from "./websocket/heartbeat.ts";
import { turnTime } from "./turn.ts";
import { turns } from "../wire/batch.ts";
import { TurnGuard } from "./turn_guard.ts";

/** Messages of at least this many bytes are not gathered: a copy would cost more than a write. */
const MAX_GATHERED_BYTES = 16 * 1024;
/** Most messages gathered in one turn: a stream may send many more. */
const MAX_GATHERED = 256;

/** A message that waits until Bun has written its buffer. */
interface Waiting {
  readonly bytes: Uint8Array;
  /** The owner of the bytes; absent if they are this connection's. */
  readonly shared: Shared | undefined;
}

/** The part of Bun's `ServerWebSocket` that is used. */
export interface BunSocket {
  /** The data given to `upgrade`. */
  data: BunSocketData;
  /** 1 while open. */
  readonly readyState: number;
  /** The type of binary messages. */
  binaryType: string;
  /** Bytes written; -1: queued; 0: dropped, or empty. */
  send(message: Uint8Array): number;
  /** Combine the `send` calls inside into one write. */
  cork(callback: () => void): unknown;
  /** Begin the close handshake. */
  close(code?: number, reason?: string): void;
  /** Send a ping. */
  ping(): number;
  /** Cut the connection. */
  terminate(): void;
  /** Bytes not yet handed to the system. */
  getBufferedAmount(): number;
}

/** A socket's data: the acceptor's decision until it opens, then its transport. */
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
 * Bun combines what a message handler sends on its own socket. Everything else sent in one turn is gathered
 * here, because each message would cost a system call.
 */
export class BunTransport extends TurnGuard implements BunSocketData, HeartbeatOptions {
  /** It is open. */
  declare readonly open?: undefined;
  readonly #socket: BunSocket;
  /** Messages to write at the end of the turn. */
  #gathered: Uint8Array<ArrayBuffer>[] | undefined;
  /** Whether these are only broadcasts, to which other handlers of this turn may add. */
  #isLate = false;
  /** Whether a flush at the end of the turn is scheduled. */
  #isScheduled = false;
  /** Large messages, and later ones, held while Bun is still writing: Bun would copy them. */
  #waiting: Waiting[] | undefined;
  /** The close code and reason, once `close()` was called. */
  #closing: CloseInfo | undefined;
  #closeTimer: unknown;
  /** Bun's own idle timeout restarts with every send. */
  readonly #heartbeat: Heartbeat | undefined;

  /** Create for an open socket. */
  constructor(socket: BunSocket, limits: TransportLimits, extension?: Extension) {
    super(limits, extension);
    this.#socket = socket;
    if (limits.idleTimeoutMs > 0) this.#heartbeat = new Heartbeat(this);
  }

  get clock(): Clock {
    return systemClock;
  }

  get idleTimeoutMs(): number {
    return this.limits.idleTimeoutMs;
  }

  /** The peer sent something. */
  heard(): void {
    this.#heartbeat?.heard(turnTime());
  }

  ping(): void {
    if (this.#isOpen) this.#socket.ping();
  }

  get #isOpen(): boolean {
    return this.#closing === undefined && !this.ended;
  }

  onDead(): void {
    const reason = `The peer was silent for ${2 * this.idleTimeoutMs} ms`;
    this.end({ code: CloseCode.IdleTimeout, reason, byUs: true });
    this.hangUp(CloseCode.IdleTimeout, reason, true);
  }

  override end(info: CloseInfo): void {
    this.#heartbeat?.stop();
    super.end(info);
  }

  override leave(): void {
    this.clock.clear(this.#closeTimer);
    this.#drop();
    super.leave();
  }

  /** Bytes held by Bun or by this transport. */
  get bufferedAmount(): number {
    if (this.ended && this.lingers === undefined) return 0;
    let bytes = this.#socket.getBufferedAmount() + this.gatheredBytes;
    for (const { length } of this.#gathered ?? []) bytes += length;
    for (const waiting of this.#waiting ?? []) bytes += waiting.bytes.length;
    return bytes;
  }

  get sharedAmount(): number {
    let amount = 0;
    for (const { bytes, shared } of this.#waiting ?? []) {
      if (shared !== undefined) amount += bytes.length;
    }
    return amount;
  }

  override receive(message: Uint8Array): void {
    // Asked before: its end forgets it.
    const isTaken = this.takesMemory;
    handling = this;
    super.receive(message);
    handling = undefined;
    if (!isTaken) freeReceived(message);
  }

  /** Queue one message. */
  send(message: Uint8Array<ArrayBuffer>, shared?: Shared): void {
    // Not `readyState`: that is a call into the runtime for each message.
    if (!this.#isOpen) return;
    if (message.length >= MAX_GATHERED_BYTES) {
      this.flush();
      if (this.#waiting !== undefined || this.#socket.getBufferedAmount() > 0) {
        return this.#wait(shared === undefined ? message.slice() : message, shared);
      }
      return this.#write(message);
    }
    const isAtOnce = handling === this && !this.gathers;
    if (isAtOnce && this.#gathered === undefined && this.#waiting === undefined) {
      return this.#write(message);
    }
    // In one piece, but for what goes to many: that is not copied where it goes alone.
    const isOwn = shared === undefined || this.gatheredBytes > 0;
    if (this.gathers && isOwn && this.#gathered === undefined) return this.gather(message);
    const kept = shared === undefined ? message.slice() : message;
    if (this.#gathered === undefined) {
      this.#gathered = [kept];
      this.#isLate = shared !== undefined;
      return this.#isLate ? flushLate(this) : this.#flushAtTurnEnd();
    }
    if (this.#gathered.push(kept) >= MAX_GATHERED) return this.flush();
    if (this.#isLate && shared === undefined) {
      this.#isLate = false;
      this.#flushAtTurnEnd();
    }
  }

  #flushAtTurnEnd(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    turns.atEnd(() => this.#gathered?.length ?? 0, () => {
      this.#isScheduled = false;
      this.flush();
    });
  }

  protected sendNow(message: Uint8Array<ArrayBuffer>): void {
    if (this.#waiting !== undefined) this.#wait(message.slice(), undefined);
    else this.#write(message);
  }

  #wait(bytes: Uint8Array, shared: Shared | undefined): void {
    shared?.hold();
    (this.#waiting ??= []).push({ bytes, shared });
  }

  /** Bun has written some or all of its buffer. */
  onDrain(): void {
    while (this.#waiting !== undefined && this.#socket.getBufferedAmount() === 0) {
      const next = this.#waiting.shift();
      if (this.#waiting.length === 0) this.#waiting = undefined;
      if (next === undefined) break;
      this.#write(next.bytes);
      next.shared?.release();
    }
    if (this.#closing !== undefined) this.#closeIfWritten(this.#closing);
  }

  #drop(): void {
    for (const { shared } of this.#waiting ?? []) shared?.release();
    this.#waiting = this.#gathered = undefined;
    this.dropGathered();
  }

  /** Cut the connection. */
  terminate(): void {
    this.end({ code: 1006, reason: "Terminated" });
    this.#socket.terminate();
  }

  protected hangUp(code: number, reason: string, discard = false): void {
    if (this.#closing !== undefined || this.#socket.readyState !== 1) return;
    if (discard) this.#drop();
    this.flush();
    this.#closing = { code, reason };
    // Behind bytes that the peer doesn't read a close would never complete, and could not be cut later.
    if (discard && this.#socket.getBufferedAmount() > 0) this.#cut();
    else this.#closeIfWritten(this.#closing);
  }

  /** Bun reports the end as soon as it is asked to close, and cannot cut the connection afterwards. */
  #closeIfWritten({ code, reason }: CloseInfo): void {
    if (this.#waiting !== undefined || this.#socket.getBufferedAmount() > 0) {
      const { closeTimeoutMs } = this.limits;
      this.#closeTimer ??= unref(this.clock.after(closeTimeoutMs, () => this.#cut()));
      return;
    }
    this.#socket.close(code, truncateReason(reason));
  }

  #cut(): void {
    const { code, reason } = this.#closing ?? { code: 1006, reason: "Terminated" };
    this.end({ code, reason });
    this.#socket.terminate();
  }

  /** Write what was gathered. */
  override flush(): void {
    super.flush();
    const gathered = this.#gathered;
    if (gathered === undefined) return;
    this.#gathered = undefined;
    const messages = this.gathers && gathered.length > 1 ? inBatches(gathered) : gathered;
    if (this.#waiting !== undefined) {
      for (const message of messages) this.#wait(message, undefined);
      return;
    }
    const [only] = messages;
    if (messages.length === 1 && only !== undefined) return this.#write(only);
    this.#socket.cork(() => {
      for (const message of messages) this.#write(message);
    });
  }

  #write(message: Uint8Array): void {
    // Bun copies before `send` returns. Dropping a message would leave the peer with a wrong state.
    const dropped = this.#socket.send(message) === 0 && message.length > 0;
    if (dropped && this.#socket.readyState === 1) this.terminate();
  }
}

/** The transport whose message is being handled: Bun combines what it sends. */
let handling: BunTransport | undefined;

/** Transports to flush after all handlers of this turn of the event loop. */
let late: BunTransport[] = [];

/**
 * Bun runs microtasks after each handler, so a microtask would write once per handler. Broadcasts wait for
 * the turn's other handlers instead: one write per connection.
 */
function flushLate(transport: BunTransport): void {
  if (late.push(transport) > 1) return;
  setImmediate(() => {
    const transports = late;
    late = [];
    for (const each of transports) each.flush();
  });
}
