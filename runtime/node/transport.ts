/**
 * One open WebSocket (RFC 6455) over a socket of `node:net` or `node:tls`, at either end.
 *
 * @module
 */

import type { Socket } from "node:net";
import { CloseCode } from "../../wire/close.ts";
import { type Clock, systemClock } from "../../wire/clock.ts";
import type {
  CloseInfo,
  Transport,
  TransportLimits,
  TransportListener,
} from "../../wire/transport.ts";
import { FrameWriter } from "../websocket/frame_writer.ts";
import { FrameReader, type FrameSink } from "../websocket/frame_reader.ts";
import { closePayload, FrameError, Opcode } from "../websocket/frames.ts";
import { HeldInput, type InputOwner } from "./held_input.ts";
import { isNotWriting, isWriting, type TurnWriter, writeAtEndOfTurn } from "./turn_writes.ts";
import { Heartbeat, type HeartbeatOptions, unref } from "../websocket/heartbeat.ts";
import { beginMessage, currentTurn, endMessage, mustWait } from "../turn.ts";

const OWNER = Symbol("owner");

/** A socket that knows its transport. */
type OwnedSocket = Socket & { readonly [OWNER]: RawTransport };

const NOTHING: Uint8Array<ArrayBuffer> = new Uint8Array(0);

/** `closing`: our close frame is out, and the peer's is waited for. */
type State = "open" | "closing" | "closed";

/** A transport whose frames of one turn go out in one write. */
export class RawTransport
  implements Transport, FrameSink, HeartbeatOptions, InputOwner, TurnWriter {
  readonly clock: Clock;
  readonly #socket: Socket;
  readonly #reader: FrameReader;
  readonly #writer: FrameWriter;
  readonly #limits: TransportLimits;
  #listener: TransportListener | undefined;
  #state: State = "open";
  #info: CloseInfo | undefined;
  #flushQueued = false;
  /** What the socket was still writing when the turn ended. */
  #written: Uint8Array<ArrayBuffer> | undefined;
  /** Whether the socket has more to write than it wants. */
  #draining = false;
  /** What the latest unanswered ping carried. Earlier ones need no pong (RFC 6455, 5.5.3). */
  #pong: Uint8Array | undefined;
  #heartbeat: Heartbeat | undefined;
  #closeTimer: unknown;
  /** What came while it was not this socket's turn: the rest of a read, and what the system had read. */
  #held: HeldInput | undefined;
  /** The turn in which it was last read. */
  #heardIn = 0;

  /** Create at one end of an upgraded socket, which is this transport's from now on. */
  constructor(
    side: "client" | "server",
    socket: Socket,
    limits: TransportLimits,
    clock: Clock = systemClock,
  ) {
    this.#socket = socket;
    const source = side === "client" ? "server" : "client";
    this.#reader = new FrameReader(source, this, limits.maxMessageBytes, CloseCode.TooBig);
    this.#writer = new FrameWriter(side);
    this.#limits = limits;
    this.clock = clock;
  }

  /** Start reading; `rest` is what came after the handshake. */
  start(listener: TransportListener, rest: Uint8Array): void {
    // The owner may have ended the transport while it was given it.
    if (this.#info !== undefined) return listener.onClose(this.#info);
    this.#listener = listener;
    const socket = Object.assign(this.#socket, { [OWNER]: this as RawTransport });
    socket.on("data", RawTransport.#onData);
    socket.on("end", RawTransport.#onEnd);
    socket.on("error", RawTransport.#onError);
    socket.on("close", RawTransport.#onClose);
    if (this.idleTimeoutMs > 0) this.#heartbeat = new Heartbeat(this);
    if (rest.length > 0) this.#read(rest);
  }

  // One function each for all sockets: a closure of each connection's own costs memory.

  static #onData(this: OwnedSocket, chunk: Uint8Array): void {
    this[OWNER].#read(chunk);
  }

  static #onEnd(this: OwnedSocket): void {
    this[OWNER].#gone({ code: 1006, reason: "The peer hung up" });
  }

  static #onError(this: OwnedSocket, error: Error): void {
    this[OWNER].#gone({ code: 1006, reason: error.message });
  }

  static #onClose(this: OwnedSocket): void {
    const owner = this[OWNER];
    owner.clock.clear(owner.#closeTimer);
    owner.#gone({ code: 1006, reason: "The peer hung up" });
  }

  get idleTimeoutMs(): number {
    return this.#limits.idleTimeoutMs;
  }

  ping(): void {
    if (this.#state !== "open") return;
    this.#writer.append(Opcode.Ping, NOTHING);
    this.#flush();
  }

  onDead(): void {
    this.#fail(CloseCode.IdleTimeout, `The peer was silent for ${2 * this.idleTimeoutMs} ms`);
  }

  get bufferedAmount(): number {
    return this.#state === "closed" ? 0 : this.#writer.length + this.#socket.writableLength;
  }

  send(message: Uint8Array<ArrayBuffer>): void {
    if (this.#state !== "open") return;
    this.#writer.append(Opcode.Binary, message);
    this.#queueFlush();
  }

  close(code: number, reason: string): void {
    if (this.#state !== "open") return;
    this.#writer.append(Opcode.Close, closePayload(code, reason));
    this.#flush();
    this.#state = "closing";
    this.#closeTimer = this.#afterCloseTimeout(
      () => this.#finish({ code: 1006, reason: "The peer did not answer the close" }),
    );
  }

  terminate(): void {
    this.#finish({ code: 1006, reason: "Terminated" });
  }

  onBinary(message: Uint8Array): void {
    if (this.#state !== "open") return;
    const looked = beginMessage(message.length);
    try {
      this.#listener?.onMessage(message);
    } catch {
      this.#fail(CloseCode.Internal, "The listener threw");
    }
    if (looked && endMessage()) this.#reader.stop();
  }

  onPing(payload: Uint8Array): void {
    if (this.#state !== "open") return;
    this.#pong = payload.slice();
    this.#queueFlush();
  }

  onClose(code: number, reason: string): void {
    if (this.#state === "open") {
      this.#writer.append(Opcode.Close, closePayload(code, reason));
    }
    this.#finish({ code, reason }, true);
  }

  #read(chunk: Uint8Array): void {
    if (this.#state === "closed") return;
    this.#heartbeat?.heard();
    if (this.#held !== undefined || mustWait(chunk.length, this.#heardIn)) {
      return this.#hold(chunk);
    }
    this.#heardIn = currentTurn();
    // Not the Buffer that came: its `slice` does not copy, and listeners copy by `slice`.
    const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
    const read = this.readInput(bytes);
    if (read < bytes.length) this.#hold(bytes.subarray(read));
  }

  readInput(bytes: Uint8Array): number {
    try {
      return this.#reader.push(bytes);
    } catch (error) {
      if (error instanceof FrameError) this.#fail(error.closeCode, error.message);
      else this.#fail(CloseCode.Internal, "Cannot read a frame");
      return bytes.length;
    }
  }

  /** Keep what came until it is this socket's turn, and take no more from the system. */
  #hold(chunk: Uint8Array): void {
    if (this.#state === "closed") return;
    if (this.#held === undefined) this.#socket.pause();
    this.#held ??= new HeldInput(this);
    this.#held.push(chunk);
  }

  onInputRead(end: CloseInfo | undefined): void {
    this.#held = undefined;
    if (end === undefined) this.#socket.resume();
    else this.#finish(end);
  }

  /** The socket has ended: what came before is read before. */
  #gone(info: CloseInfo): void {
    if (this.#held === undefined) this.#finish(info);
    else this.#held.finish(info);
  }

  /** Tell the peer why, and end without waiting for its answer. */
  #fail(code: number, reason: string): void {
    if (this.#state === "open") {
      this.#writer.append(Opcode.Close, closePayload(code, reason));
    }
    this.#finish({ code, reason, byUs: true }, true);
  }

  #queueFlush(): void {
    if (this.#flushQueued) return;
    this.#flushQueued = true;
    writeAtEndOfTurn(this);
  }

  recycleWritten(): void {
    const { writable, writableLength } = this.#socket;
    // After a failure nobody knows how long the socket reads the bytes.
    const done = writable && writableLength === 0;
    if (done && this.#written !== undefined) this.#writer.recycle(this.#written);
    this.#written = undefined;
  }

  endTurn(): void {
    this.#flushQueued = false;
    if (this.#state === "open") this.#flush();
  }

  /** Hand what is queued to the socket, unless it has too much already: then when that is written. */
  #flush(atOnce = false): void {
    const socket = this.#socket;
    if (this.#draining && !atOnce) return;
    if (this.#pong !== undefined) {
      this.#writer.append(Opcode.Pong, this.#pong);
      this.#pong = undefined;
    }
    if (this.#writer.length === 0) return;
    const bytes = this.#writer.take();
    // Without a callback, which costs: over TCP it is mostly done by now, over TLS by the next turn.
    socket.write(bytes);
    if (socket.writableLength === 0) return this.#writer.recycle(bytes);
    if (this.#written === undefined && isWriting(this)) this.#written = bytes;
    if (!socket.writableNeedDrain || this.#draining) return;
    this.#draining = true;
    socket.once("drain", () => {
      this.#draining = false;
      if (this.#state !== "closed") this.#flush();
    });
  }

  #afterCloseTimeout(run: () => void): unknown {
    return unref(this.clock.after(this.#limits.closeTimeoutMs, run));
  }

  /** End. `orderly` sends what is queued and half-closes; else the socket is cut. */
  #finish(info: CloseInfo, orderly = false): void {
    if (this.#state === "closed") return;
    if (orderly) this.#flush(true);
    this.#state = "closed";
    if (this.#held !== undefined) this.#socket.resume();
    this.#held?.drop();
    this.#held = undefined;
    this.#info = info;
    if (this.#written !== undefined) isNotWriting(this);
    this.#written = undefined;
    this.#heartbeat?.stop();
    this.clock.clear(this.#closeTimer);
    if (orderly) {
      this.#closeTimer = this.#afterCloseTimeout(() => this.#socket.destroy());
      this.#socket.end();
    } else {
      this.#socket.destroy();
    }
    try {
      this.#listener?.onClose(info);
    } catch {
      // There is nobody left to tell.
    }
  }
}
