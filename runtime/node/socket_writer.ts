/**
 * {@linkcode SocketWriter}: what one transport has to write to its socket of `node:net` or `node:tls`.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import type { Shared } from "../../wire/transport.ts";
import { FrameWriter } from "../websocket/frame_writer.ts";
import { Opcode } from "../websocket/frames.ts";
import {
  isNotWriting,
  isWriting,
  onAppended,
  type TurnWriter,
  writeAtEndOfTurn,
} from "./turn_writes.ts";

/** Bytes from which a message that is shared is not copied: below, a copy costs less than a write more. */
export const MIN_SHARED_BYTES = 65_536;
/** Bytes of such a message that a socket is given at a time: TLS copies what it is given. */
const MAX_WRITTEN_BYTES = 262_144;
/** Bytes that are written before the turn is over: of a stream that is sent there may come many more. */
const FLUSH_BYTES = 65_536;

/** Bytes that stay where they are until they are written. */
interface Piece {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whose they are, until that is told. */
  shared: Shared | undefined;
  /** How many the socket has been given. */
  given: number;
}

/** Frames of one turn go out in one write; those of large shared messages are not copied. */
export class SocketWriter extends FrameWriter implements TurnWriter {
  readonly #socket: Socket;
  #flushQueued = false;
  /** Nothing more is written. */
  #stopped = false;
  /** Whether the socket has more to write than it wants. */
  #draining = false;
  /** What the socket was still writing when the turn ended. */
  #written: Uint8Array<ArrayBuffer> | undefined;
  /** What the latest unanswered ping carried. Earlier ones need no pong (RFC 6455, 5.5.3). */
  #pong: Uint8Array | undefined;
  /** What goes before that which was appended since; mostly nothing. */
  #pieces: Piece[] | undefined;

  /** Create for one socket. */
  constructor(side: "client" | "server", socket: Socket) {
    super(side);
    this.#socket = socket;
  }

  /** Bytes that the system has not taken. */
  get waitingBytes(): number {
    let bytes = this.length + this.#socket.writableLength;
    for (const piece of this.#pieces ?? []) bytes += piece.bytes.length - piece.given;
    return bytes;
  }

  /** Those of them that others hold as well. */
  get sharedBytes(): number {
    let bytes = 0;
    for (const piece of this.#pieces ?? []) {
      if (piece.shared === undefined) continue;
      bytes += piece.bytes.length - piece.given;
      if (piece.given > 0) bytes += this.#socket.writableLength;
    }
    return bytes;
  }

  /** Append a message that never changes, by reference. */
  appendShared(message: Uint8Array<ArrayBuffer>, shared: Shared): void {
    this.appendHead(Opcode.Binary, message.length);
    shared.hold();
    const head = { bytes: this.take(), shared: undefined, given: 0 };
    (this.#pieces ??= []).push(head, { bytes: message, shared, given: 0 });
  }

  /** Answer a ping, with what follows in this turn. */
  pong(payload: Uint8Array): void {
    this.#pong = payload;
    this.queueFlush();
  }

  /** Write what is appended at the end of the turn. */
  queueFlush(): void {
    onAppended();
    if (this.#flushQueued) {
      // What streams append in one turn is as much as there is room for.
      if (this.length >= FLUSH_BYTES) this.flush();
      return;
    }
    this.#flushQueued = true;
    writeAtEndOfTurn(this);
  }

  recycleWritten(): void {
    const { writable, writableLength } = this.#socket;
    // After a failure nobody knows how long the socket reads the bytes.
    const done = writable && writableLength === 0;
    if (done && this.#written !== undefined) this.recycle(this.#written);
    this.#written = undefined;
  }

  endTurn(): void {
    this.#flushQueued = false;
    if (!this.#stopped) this.flush();
  }

  /** Hand what is queued to the socket, unless it has too much already: then when that is written. */
  flush(atOnce = false): void {
    if (this.#draining && !atOnce) return;
    if (this.#pong !== undefined) {
      this.append(Opcode.Pong, this.#pong);
      this.#pong = undefined;
    }
    if (this.#pieces !== undefined && !this.#flushPieces(this.#pieces, atOnce)) return;
    if (this.length === 0) return;
    const socket = this.#socket;
    const bytes = this.take();
    // Without a callback, which costs: over TCP it is mostly done by now, over TLS by the next turn.
    socket.write(bytes);
    if (socket.writableLength === 0) return this.recycle(bytes);
    if (this.#written === undefined && isWriting(this)) this.#written = bytes;
    if (socket.writableNeedDrain) this.#awaitDrain();
  }

  /** Returns whether the socket wants more. */
  #flushPieces(pieces: readonly Piece[], atOnce: boolean): boolean {
    const socket = this.#socket;
    for (const piece of pieces) {
      const { bytes } = piece;
      while (piece.given < bytes.length) {
        const from = piece.given;
        piece.given = Math.min(bytes.length, from + MAX_WRITTEN_BYTES);
        const part = Buffer.from(bytes.buffer, bytes.byteOffset + from, piece.given - from);
        if (piece.given < bytes.length) socket.write(part);
        else socket.write(part, () => this.#onWritten(piece));
        if (atOnce || !socket.writableNeedDrain) continue;
        this.#awaitDrain();
        return false;
      }
    }
    return true;
  }

  #onWritten(piece: Piece): void {
    piece.shared?.release();
    piece.shared = undefined;
    const left = this.#pieces?.filter((other) => other !== piece) ?? [];
    this.#pieces = left.length === 0 ? undefined : left;
  }

  #awaitDrain(): void {
    if (this.#draining) return;
    this.#draining = true;
    this.#socket.once("drain", () => {
      this.#draining = false;
      if (!this.#stopped) this.flush();
    });
  }

  /** Forget what the socket has not been given, but for the rest of a frame that it has begun. */
  discard(): void {
    this.clear();
    this.#pong = undefined;
    const begun = this.#pieces?.findLastIndex(({ given }) => given > 0) ?? -1;
    // A head that it has been given goes with its payload.
    const kept = begun === -1 ? 0 : begun + 1 + Number(this.#pieces?.[begun]?.shared === undefined);
    for (const { shared } of this.#pieces?.splice(kept) ?? []) shared?.release();
    if (kept === 0) this.#pieces = undefined;
  }

  /** Write nothing more. */
  stop(): void {
    this.#stopped = true;
    if (this.#written !== undefined) isNotWriting(this);
    this.#written = undefined;
  }

  /** The socket is gone, and with it all that was queued. */
  drop(): void {
    this.clear();
    for (const piece of this.#pieces ?? []) {
      piece.shared?.release();
      piece.shared = undefined;
    }
    this.#pieces = undefined;
  }
}
