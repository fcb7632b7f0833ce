/**
 * One open WebSocket (RFC 6455) over `node:net` or `node:tls`, on either side.
 *
 * @module
 */

import type { Socket } from "node:net";
import { MAX_BATCH_BYTES, maxFrameBytes } from "../../wire/batch.ts";
import { CloseCode } from "../../wire/close.ts";
import { type Clock, systemClock } from "../../wire/clock.ts";
import type { Extension } from "../../wire/handshake.ts";
import type {
  CloseInfo,
  Heard,
  Shared,
  Transport,
  TransportLimits,
  TransportListener,
} from "../../wire/transport.ts";
import { FrameReader, type FrameSink } from "../websocket/frame_reader.ts";
import { closePayload, FrameError, Opcode } from "../websocket/frames.ts";
import { HeldInput, type InputOwner } from "./held_input.ts";
import { type ByteReader, pushPast, READER, takeChunk } from "./read_buffer.ts";
import { MIN_SHARED_BYTES, SocketWriter } from "./socket_writer.ts";
import { Heartbeat, type HeartbeatOptions, unref } from "../websocket/heartbeat.ts";
import { currentTurn, type Hearer, hearInTurn, isTurnOver, mustWait } from "../turn.ts";

/** A socket that knows its transport. */
type OwnedSocket = Socket & { readonly [READER]: RawTransport };

const NOTHING: Uint8Array<ArrayBuffer> = new Uint8Array(0);
/** Bytes of a read behind which others may follow in the same turn. */
const LARGE_READ_BYTES = 16_384;

/**
 * `closing`: our close frame is sent; waiting for the peer's. `closed`: the listener was notified; the socket
 * ends when everything is written. `gone`: it has ended.
 */
type State = "open" | "closing" | "closed" | "gone";

/** A transport whose frames of one turn go out in one write. */
export class RawTransport
  implements Transport, FrameSink, HeartbeatOptions, Hearer, InputOwner, ByteReader {
  readonly clock: Clock;
  readonly #socket: Socket;
  readonly #reader: FrameReader;
  readonly #writer: SocketWriter;
  readonly #limits: TransportLimits;
  #listener: TransportListener | undefined;
  #state: State = "open";
  #info: CloseInfo | undefined;
  #heartbeat: Heartbeat | undefined;
  #closeTimer: unknown;
  /** Input received while other sockets had their turn. */
  #held: HeldInput | undefined;
  /** Whether its peer takes several messages in one. */
  readonly #gathers: boolean;
  /** The turn in which it was last read. */
  #heardIn = 0;
  isLight = false;
  /** The rest of a batch after the turn ended. */
  #unheard: Uint8Array | undefined;

  /** Create on one side of an upgraded socket and take ownership of it. */
  constructor(
    side: "client" | "server",
    socket: Socket,
    limits: TransportLimits,
    clock: Clock = systemClock,
    extension: Extension = 0,
  ) {
    this.#socket = socket;
    const source = side === "client" ? "server" : "client";
    const maxBytes = maxFrameBytes(limits.maxMessageBytes, extension);
    this.#reader = new FrameReader(source, this, maxBytes, CloseCode.TooBig);
    this.#gathers = extension > 0;
    this.#writer = new SocketWriter(side, socket);
    this.#limits = limits;
    this.clock = clock;
  }

  /** Start reading. `rest` are the bytes after the handshake. */
  start(listener: TransportListener, rest: Uint8Array): void {
    this.#listener = listener;
    const reading = { [READER]: this as RawTransport, push: pushPast };
    const socket = Object.assign(this.#socket, reading);
    socket.on("close", RawTransport.#onClose);
    socket.on("error", RawTransport.#onError);
    // The owner may have ended the transport in the callback.
    if (this.#info !== undefined) return listener.onClose(this.#info);
    socket.on("data", RawTransport.#onData);
    socket.on("end", RawTransport.#onEnd);
    if (this.idleTimeoutMs > 0) this.#heartbeat = new Heartbeat(this);
    if (rest.length > 0) RawTransport.#onData.call(socket, rest);
  }

  // One function each for all sockets: a closure per connection costs memory.

  static #onData(this: OwnedSocket, chunk: Uint8Array): void {
    takeChunk(this[READER], chunk);
  }

  static #onEnd(this: OwnedSocket): void {
    this[READER].#gone({ code: 1006, reason: "The peer hung up" });
  }

  static #onError(this: OwnedSocket, error: Error): void {
    this[READER].#gone({ code: 1006, reason: error.message });
  }

  static #onClose(this: OwnedSocket): void {
    this[READER].#socketGone();
  }

  #socketGone(): void {
    this.clock.clear(this.#closeTimer);
    this.#writer.drop();
    const wasClosed = this.#state === "closed";
    if (!wasClosed) return this.#gone({ code: 1006, reason: "The peer hung up" });
    this.#state = "gone";
    this.#listener?.onGone?.();
  }

  get idleTimeoutMs(): number {
    return this.#limits.idleTimeoutMs;
  }

  ping(): void {
    if (this.#state !== "open") return;
    this.#writer.append(Opcode.Ping, NOTHING);
    this.#writer.flush();
  }

  onDead(): void {
    // It doesn't read either.
    this.#writer.discard();
    this.#fail(CloseCode.IdleTimeout, `The peer was silent for ${2 * this.idleTimeoutMs} ms`);
  }

  get bufferedAmount(): number {
    return this.#socket.destroyed ? 0 : this.#writer.waitingBytes;
  }

  get sharedAmount(): number {
    return this.#writer.sharedBytes;
  }

  get lingers(): "closing" | undefined {
    return this.#state === "closed" ? "closing" : undefined;
  }

  send(message: Uint8Array<ArrayBuffer>, shared?: Shared): void {
    if (this.#state !== "open") return;
    if (this.#gathers && message.length <= MAX_BATCH_BYTES) this.#writer.gather(message);
    else if (shared === undefined || message.length < MIN_SHARED_BYTES) {
      this.#writer.append(Opcode.Binary, message);
    } else this.#writer.appendShared(message, shared);
    this.#writer.queueFlush();
  }

  close(code: number, reason: string, discard = false): void {
    if (this.#state !== "open") return;
    if (discard) this.#writer.discard();
    this.#writer.append(Opcode.Close, closePayload(code, reason));
    this.#writer.flush();
    this.#state = "closing";
    this.#closeTimer = this.#afterCloseTimeout(
      () => this.#finish({ code: 1006, reason: "The peer did not answer the close" }),
    );
  }

  terminate(): void {
    if (this.#state === "closed") this.#socket.destroy();
    this.#finish({ code: 1006, reason: "Terminated" });
  }

  get takesMemory(): boolean {
    return this.#listener?.takesMemory === true;
  }

  onBinary(message: Uint8Array): void {
    if (this.#state !== "open") return;
    this.#unheard = hearInTurn(this, message)?.slice();
    if (isTurnOver()) this.#reader.stop();
  }

  hear(message: Uint8Array, from: number): Heard {
    if (this.#state !== "open") return;
    try {
      return this.#listener?.onMessage(message, from);
    } catch {
      this.#fail(CloseCode.Internal, "The listener threw");
    }
  }

  get hasUnheard(): boolean {
    return this.#unheard !== undefined;
  }

  onText(): void {
    if (this.#state === "open") this.#listener?.onText?.();
  }

  onPing(payload: Uint8Array): void {
    if (this.#state !== "open") return;
    this.#writer.pong(payload.slice());
  }

  onClose(code: number, reason: string): void {
    if (this.#state === "open") this.#writer.append(Opcode.Close, closePayload(code, reason));
    this.#finish({ code, reason }, true);
  }

  onBytes(bytes: Uint8Array, length: number): void {
    if (this.#state === "closed" || this.#state === "gone") return;
    this.#heartbeat?.heard();
    let read = 0;
    if (this.#held === undefined && !mustWait(length, this.#heardIn)) {
      this.#heardIn = currentTurn();
      // On Deno no microtask runs between the reads of one turn: what is due goes out before more is read.
      if (length >= LARGE_READ_BYTES && this.#writer.length > 0) this.#writer.flush();
      read = this.readInput(bytes, length);
      if (read === length && !this.hasUnheard) return;
    }
    this.#hold(bytes.subarray(read, length));
  }

  readInput(bytes: Uint8Array, length: number = bytes.length): number {
    const unheard = this.#unheard;
    if (unheard !== undefined) {
      this.#unheard = hearInTurn(this, unheard);
      if (isTurnOver()) return 0;
    }
    try {
      return this.#reader.push(bytes, length);
    } catch (error) {
      if (error instanceof FrameError) this.#fail(error.closeCode, error.message);
      else this.#fail(CloseCode.Internal, "Cannot read a frame");
      return length;
    }
  }

  /** Hold input until this socket's turn, and stop reading from the system. */
  #hold(chunk: Uint8Array): void {
    if (this.#state === "closed" || this.#state === "gone") return;
    if (this.#held === undefined) this.#socket.pause();
    this.#held ??= new HeldInput(this);
    this.#held.push(chunk);
  }

  onInputRead(end: CloseInfo | undefined): void {
    this.#held = undefined;
    if (end === undefined) this.#socket.resume();
    else this.#finish(end);
  }

  /** The socket has ended; input received before is read first. */
  #gone(info: CloseInfo): void {
    if (this.#held === undefined) this.#finish(info);
    else this.#held.finish(info);
  }

  /** Send the peer a close frame, and end without waiting for its answer. */
  #fail(code: number, reason: string): void {
    if (this.#state === "open") this.#writer.append(Opcode.Close, closePayload(code, reason));
    this.#finish({ code, reason, byUs: true }, true);
  }

  #afterCloseTimeout(run: () => void): unknown {
    return unref(this.clock.after(this.#limits.closeTimeoutMs, run));
  }

  /** End. `orderly` writes the queue and half-closes; otherwise the socket is cut. */
  #finish(info: CloseInfo, orderly = false): void {
    if (this.#state === "closed" || this.#state === "gone") return;
    if (orderly) this.#writer.flush(true);
    this.#state = this.#socket.destroyed ? "gone" : "closed";
    if (this.#held !== undefined) this.#socket.resume();
    this.#held?.drop();
    this.#held = undefined;
    this.#info = info;
    this.#unheard = undefined;
    this.#writer.stop();
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
      // No listener is left to notify.
    }
  }
}
