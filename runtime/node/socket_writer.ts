/**
 * {@linkcode SocketWriter}: the write queue of one transport over `node:net` or `node:tls`.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import type { Shared } from "../../wire/transport.ts";
import { FrameWriter } from "../websocket/frame_writer.ts";
import { Opcode } from "../websocket/frames.ts";
import { turns } from "../../wire/batch.ts";

/** Shared messages of at least this many bytes are not copied; below, a copy is cheaper than another write. */
export const MIN_SHARED_BYTES = 65_536;
/** Bytes of such a message per write: TLS copies each write. */
const MAX_WRITTEN_BYTES = 262_144;
/** Bytes after which frames are written before the turn ends: a stream may send many more. */
const FLUSH_BYTES = 65_536;

/** Writers with frames of this turn. */
let unflushed: SocketWriter[] | undefined;
/** Writers that were still writing when the last turn ended, whose buffers can be reused. */
const unfinished: SocketWriter[] = [];
const MAX_UNFINISHED = 1024;
/** Count of all appended frames. */
let appended = 0;

/** Write every writer's frames at the end of this turn of the event loop; called once a turn by each. */
function writeAtTurnEnd(writer: SocketWriter): void {
  if (unflushed !== undefined) return void unflushed.push(writer);
  unflushed = [writer];
  turns.atEnd(countAppended, endTurn);
}

// Not closures: a call makes one turn.
const countAppended = (): number => appended;

function endTurn(): void {
  if (unfinished.length > 0) {
    for (const each of unfinished) each.recycleWritten();
    unfinished.length = 0;
  }
  const writers = unflushed ?? [];
  unflushed = undefined;
  for (const each of writers) each.endTurn();
}

/** Shared bytes, which are written without a copy. */
interface Piece {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Their owner, until it is notified. */
  shared: Shared | undefined;
  /** Bytes already passed to the socket. */
  given: number;
}

/** Writes the frames of one turn at once. Large shared messages are not copied. */
export class SocketWriter extends FrameWriter {
  readonly #socket: Socket;
  #flushQueued = false;
  /** Writing has stopped. */
  #stopped = false;
  /** Whether the socket's buffer is full. */
  #draining = false;
  /** The buffer that the socket was still writing when the turn ended. */
  #written: Uint8Array<ArrayBuffer> | undefined;
  /** The payload of the latest unanswered ping. Earlier ones need no pong (RFC 6455, 5.5.3). */
  #pong: Uint8Array | undefined;
  /** Bytes that go before those appended since; mostly empty. */
  #pieces: Piece[] | undefined;

  /** Create for one socket. */
  constructor(side: "client" | "server", socket: Socket) {
    super(side);
    this.#socket = socket;
  }

  /** Bytes the system has not accepted yet. */
  get waitingBytes(): number {
    let bytes = this.length + this.#socket.writableLength;
    if (this.#pieces !== undefined) {
      for (const piece of this.#pieces) bytes += piece.bytes.length - piece.given;
    }
    return bytes;
  }

  /** The part of them that is shared with other connections. */
  get sharedBytes(): number {
    let bytes = 0;
    for (const piece of this.#pieces ?? []) {
      if (piece.shared === undefined) continue;
      bytes += piece.bytes.length - piece.given;
      if (piece.given > 0) bytes += this.#socket.writableLength;
    }
    return bytes;
  }

  /** Append an immutable message by reference. */
  appendShared(message: Uint8Array<ArrayBuffer>, shared: Shared): void {
    this.appendHead(Opcode.Binary, message.length);
    shared.hold();
    const head = { bytes: this.take(), shared: undefined, given: 0 };
    (this.#pieces ??= []).push(head, { bytes: message, shared, given: 0 });
  }

  /** Answer a ping, together with this turn's frames. */
  pong(payload: Uint8Array): void {
    this.#pong = payload;
    this.queueFlush();
  }

  /** Write the appended frames at the end of the turn. */
  queueFlush(): void {
    appended++;
    // Streams append as much in one turn as the buffer has room for, and large items are read while others are made.
    if (this.length >= FLUSH_BYTES) this.flush();
    if (this.#flushQueued) return;
    this.#flushQueued = true;
    writeAtTurnEnd(this);
  }

  /** One turn has passed: the written buffer may be free. */
  recycleWritten(): void {
    const { writable, writableLength } = this.#socket;
    // After a failure the socket may keep reading the bytes for an unknown time.
    const done = writable && writableLength === 0;
    if (done && this.#written !== undefined) this.recycle(this.#written);
    this.#written = undefined;
  }

  /** The turn has ended: write its frames. */
  endTurn(): void {
    this.#flushQueued = false;
    if (!this.#stopped) this.flush();
  }

  /** Pass the queue to the socket, or wait until its full buffer is written. */
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
    // Without a callback, which costs time: over TCP the write is mostly done by now, over TLS by the next turn.
    socket.write(bytes);
    if (socket.writableLength === 0) return this.recycle(bytes);
    if (this.#written === undefined && unfinished.length < MAX_UNFINISHED) {
      unfinished.push(this);
      this.#written = bytes;
    }
    if (socket.writableNeedDrain) this.#awaitDrain();
  }

  /** Returns whether the socket accepts more. */
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

  /** Drop frames that the socket has not been given, except the rest of a started frame. */
  discard(): void {
    this.clear();
    this.#pong = undefined;
    const begun = this.#pieces?.findLastIndex(({ given }) => given > 0) ?? -1;
    // A header already passed to the socket needs its payload.
    const kept = begun === -1 ? 0 : begun + 1 + Number(this.#pieces?.[begun]?.shared === undefined);
    for (const { shared } of this.#pieces?.splice(kept) ?? []) shared?.release();
    if (kept === 0) this.#pieces = undefined;
  }

  /** Stop writing. */
  stop(): void {
    this.#stopped = true;
    if (this.#written !== undefined) unfinished.splice(unfinished.indexOf(this), 1);
    this.#written = undefined;
  }

  /** The socket has ended: drop the queue. */
  drop(): void {
    this.clear();
    for (const piece of this.#pieces ?? []) {
      piece.shared?.release();
      piece.shared = undefined;
    }
    this.#pieces = undefined;
  }
}
