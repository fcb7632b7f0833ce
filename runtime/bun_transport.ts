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
import { truncateReason } from "./websocket/frames.ts";
import { Heartbeat, type HeartbeatOptions, unref } from "./websocket/heartbeat.ts";
import { turnTime } from "./turn.ts";
import { atTurnEnd } from "./turn_end.ts";
import { TurnGuard, type TurnLimits } from "./turn_guard.ts";

/** Messages from this many bytes on are not gathered: a copy would cost more than a write. */
const MAX_GATHERED_BYTES = 16 * 1024;
/** Messages that wait for the end of the turn: of a stream that is sent there may come many more. */
const MAX_GATHERED = 256;

/** What waits until Bun has written what it has. */
interface Waiting {
  readonly bytes: Uint8Array;
  /** Whose they are; absent, this connection's. */
  readonly shared: Shared | undefined;
}

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
  #gathered: Uint8Array<ArrayBuffer>[] | undefined;
  /** Whether that are messages to many alone, which other handlers of this turn may add to. */
  #isLate = false;
  /** Whether what is gathered will be flushed when the turn is over. */
  #isScheduled = false;
  /** Large messages, and what is behind them, while Bun has something to write: it would copy them. */
  #waiting: Waiting[] | undefined;
  /** With what to close, once it was asked for. */
  #closing: CloseInfo | undefined;
  readonly clock: Clock = systemClock;
  readonly #limits: Pick<TransportLimits, "idleTimeoutMs" | "closeTimeoutMs">;
  #closeTimer: unknown;
  /** Bun's own idle timeout starts again whenever something is sent. */
  readonly #heartbeat: Heartbeat | undefined;

  /** Create for an open socket. */
  constructor(
    socket: BunSocket,
    limits: TurnLimits & Pick<TransportLimits, "idleTimeoutMs" | "closeTimeoutMs">,
    extension?: Extension,
  ) {
    super(limits, extension);
    this.#socket = socket;
    this.#limits = limits;
    const { idleTimeoutMs } = limits;
    if (idleTimeoutMs > 0) this.#heartbeat = new Heartbeat(this);
  }

  get idleTimeoutMs(): number {
    return this.#limits.idleTimeoutMs;
  }

  /** The peer gave a sign of life. */
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

  /** Bytes that Bun or this still holds. */
  get bufferedAmount(): number {
    if (this.ended && this.lingers === undefined) return 0;
    let bytes = this.#socket.getBufferedAmount();
    if (this.#gathered !== undefined) { for (const { length } of this.#gathered) bytes += length; }
    if (this.#waiting !== undefined) {
      for (const waiting of this.#waiting) bytes += waiting.bytes.length;
    }
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
    handling = this;
    super.receive(message);
    handling = undefined;
  }

  /** Queue one message. */
  send(message: Uint8Array<ArrayBuffer>, shared?: Shared): void {
    // Not `readyState`, which is a call into the runtime for each message.
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
    const kept = shared === undefined ? message.slice() : message;
    if (this.#gathered !== undefined) {
      if (this.#gathered.push(kept) >= MAX_GATHERED) return this.flush();
    } else {
      this.#gathered = [kept];
      this.#isLate = shared !== undefined;
      if (this.#isLate) return flushLate(this);
      return this.#flushAtTurnEnd();
    }
    if (this.#isLate && shared === undefined) {
      this.#isLate = false;
      this.#flushAtTurnEnd();
    }
  }

  #flushAtTurnEnd(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    atTurnEnd(() => this.#gathered?.length ?? 0, () => {
      this.#isScheduled = false;
      this.flush();
    });
  }

  protected sendNow(message: Uint8Array<ArrayBuffer>): void {
    this.#write(message);
  }

  #wait(bytes: Uint8Array, shared: Shared | undefined): void {
    shared?.hold();
    (this.#waiting ??= []).push({ bytes, shared });
  }

  /** Bun has written something, perhaps all. */
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
    // A close behind bytes that nobody reads would never end, and cannot be cut after it.
    if (discard && this.#socket.getBufferedAmount() > 0) this.#cut();
    else this.#closeIfWritten(this.#closing);
  }

  /** Bun tells of the end, and can cut no more, as soon as it is asked to close. */
  #closeIfWritten({ code, reason }: CloseInfo): void {
    if (this.#waiting !== undefined || this.#socket.getBufferedAmount() > 0) {
      const { closeTimeoutMs } = this.#limits;
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
    // Bun copies before `send` returns. A dropped message would leave the peer with a wrong state.
    const dropped = this.#socket.send(message) === 0 && message.length > 0;
    if (dropped && this.#socket.readyState === 1) this.terminate();
  }
}

/** The transport whose message is being handled: what it sends, Bun gathers. */
let handling: BunTransport | undefined;

/** What is to be flushed when all handlers of this turn of the event loop have run. */
let late: BunTransport[] = [];

/**
 * Bun runs microtasks after each handler, so that one write would follow each. What goes to many waits for the
 * rest of the turn's handlers instead: one write a connection.
 */
function flushLate(transport: BunTransport): void {
  if (late.push(transport) > 1) return;
  setImmediate(() => {
    const transports = late;
    late = [];
    for (const each of transports) each.flush();
  });
}
