/**
 * Writes RFC 6455 frames, many into one buffer.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { MAX_BATCH_BYTES } from "../../wire/batch.ts";
import { giveBuffer, takeBuffer, wholeBuffer } from "./buffers.ts";
import { MAX_HEADER_BYTES, Opcode } from "./frames.ts";
import { applyMask, packMask, setMasked } from "./mask.ts";

/** Payloads of up to this many bytes are copied one byte at a time. */
const MAX_LOOPED_BYTES = 64;
/**
 * Largest payload of a client's frame, in bytes: 16 MiB, the limit of servers on tungstenite, such as Rust's
 * hardlight. They accept larger messages in several frames.
 */
const MAX_FRAME_BYTES = 1 << 24;
/** Payload size, in bytes, from which the length field takes two bytes more. */
const MIN_LONG_BYTES = 126;
/** The first bit of a message's last frame. */
const FINAL = 0x80;

/** The buffer of a connection with nothing to write. */
const NOTHING: Uint8Array<ArrayBuffer> = new Uint8Array(0);

/** Masks generated ahead: a call to the system's generator costs more than a small frame. */
const masks: Uint8Array<ArrayBuffer> = new Uint8Array(4096);
let nextMask: number = masks.length;

/** The bytes taken last, by whichever connection, and the whole buffer that they are of: making a view takes time. */
let lastTaken: Buffer<ArrayBuffer> = Buffer.from(NOTHING.buffer);
let takenFrom: Uint8Array<ArrayBuffer> = NOTHING;

/**
 * Frames that wait to be written in one go.
 *
 * Each client frame has a new mask from the system's random generator, as the RFC requires. Server frames have
 * none.
 */
export class FrameWriter {
  readonly #masked: boolean;
  #buffer: Uint8Array<ArrayBuffer> = NOTHING;
  /** Bytes taken last: an estimate of the next size. */
  #lastBytes = 0;
  /** Start of the batch frame, if there is one. */
  #frameAt = 0;
  /** Start of its payload, or 0. */
  #payloadAt = 0;
  /** Bytes appended and not yet taken. */
  length = 0;

  /** Create for one connection, on the client's or the server's side. */
  constructor(side: "client" | "server") {
    this.#masked = side === "client";
  }

  /** Append one message: one frame, or several if a client's is large. The payload is copied. */
  append(opcode: number, payload: Uint8Array): void {
    this.#endGathered();
    if (!this.#masked || payload.length <= MAX_FRAME_BYTES) {
      return this.#append(FINAL | opcode, payload);
    }
    const headers = Math.ceil(payload.length / MAX_FRAME_BYTES) * MAX_HEADER_BYTES;
    this.#grow(payload.length + headers);
    let at = 0;
    for (; payload.length - at > MAX_FRAME_BYTES; at += MAX_FRAME_BYTES) {
      const part = payload.subarray(at, at + MAX_FRAME_BYTES);
      this.#append(at === 0 ? opcode : Opcode.Continuation, part);
    }
    this.#append(FINAL | Opcode.Continuation, payload.subarray(at));
  }

  /**
   * Append one message of at most {@linkcode MAX_BATCH_BYTES} for a peer that accepts batches. It joins the
   * batch frame before it, if that has room.
   */
  gather(payload: Uint8Array): void {
    const size = payload.length;
    const before = this.length - this.#payloadAt;
    if (this.#payloadAt > 0 && before + size <= MAX_BATCH_BYTES) {
      if (this.#buffer.length - this.length < size + MAX_HEADER_BYTES) this.#grow(size);
      // The length takes two bytes more.
      if (before < MIN_LONG_BYTES && before + size >= MIN_LONG_BYTES) {
        this.#buffer.copyWithin(this.#payloadAt + 2, this.#payloadAt, this.length);
        this.#payloadAt += 2;
        this.length += 2;
      }
    } else {
      this.#endGathered();
      if (this.#buffer.length - this.length < size + MAX_HEADER_BYTES) this.#grow(size);
      this.#frameAt = this.length;
      this.length += (size < MIN_LONG_BYTES ? 2 : 4) + (this.#masked ? 4 : 0);
      this.#payloadAt = this.length;
    }
    const bytes = this.#buffer;
    const at = this.length;
    this.length = at + size;
    if (size > MAX_LOOPED_BYTES) return bytes.set(payload, at);
    for (let i = 0; i < size; i++) bytes[at + i] = payload[i]!;
  }

  /** Finish the batch frame: write its header. */
  #endGathered(): void {
    const start = this.#payloadAt;
    if (start === 0) return;
    const end = this.length;
    this.#payloadAt = 0;
    this.length = this.#frameAt;
    const at = this.#putHead(FINAL | Opcode.Binary, end - start);
    if (this.#masked) {
      this.#drawMask(at);
      applyMask(this.#buffer, start, end, packMask(this.#buffer, at));
    }
    this.length = end;
  }

  /** Append only the header of a server's frame; the payload is written separately. */
  appendHead(opcode: number, size: number): void {
    this.#endGathered();
    if (this.#buffer.length - this.length < MAX_HEADER_BYTES) this.#grow(0);
    this.length = this.#putHead(FINAL | opcode, size);
  }

  /** Drop the appended frames. */
  clear(): void {
    this.#buffer = NOTHING;
    this.length = this.#payloadAt = 0;
  }

  #putHead(first: number, size: number): number {
    const bytes = this.#buffer;
    const maskBit = this.#masked ? 0x80 : 0;
    let at = this.length;
    bytes[at++] = first;
    if (size < 126) {
      bytes[at++] = maskBit | size;
    } else if (size < 65_536) {
      bytes[at++] = maskBit | 126;
      bytes[at++] = size >>> 8;
      bytes[at++] = size;
    } else {
      bytes[at++] = maskBit | 127;
      const high = Math.floor(size / 2 ** 32);
      for (let shift = 24; shift >= 0; shift -= 8) bytes[at++] = high >>> shift;
      for (let shift = 24; shift >= 0; shift -= 8) bytes[at++] = size >>> shift;
    }
    return at;
  }

  #append(first: number, payload: Uint8Array): void {
    const size = payload.length;
    if (this.#buffer.length - this.length < size + MAX_HEADER_BYTES) this.#grow(size);
    const bytes = this.#buffer;
    let at = this.length;
    // A call costs more than the header of a small frame.
    if (size < 126) {
      bytes[at++] = first;
      bytes[at++] = this.#masked ? 0x80 | size : size;
    } else at = this.#putHead(first, size);
    if (this.#masked) at = this.#drawMask(at);
    this.length = at + size;
    // A call to `set` costs more than a few bytes.
    if (size <= MAX_LOOPED_BYTES) {
      let mask = this.#masked ? packMask(bytes, at - 4) : 0;
      for (let i = 0; i < size; i++) {
        bytes[at + i] = payload[i]! ^ (mask >>> 24);
        mask = (mask << 8) | (mask >>> 24);
      }
      return;
    }
    if (this.#masked) setMasked(bytes, at, payload, packMask(bytes, at - 4));
    else bytes.set(payload, at);
  }

  /** Take the appended frames, and their buffer until {@linkcode FrameWriter.recycle}. */
  take(): Buffer<ArrayBuffer> {
    this.#endGathered();
    const { length } = this;
    // One small message after another is the same view again.
    if (takenFrom !== this.#buffer || lastTaken.length !== length) {
      takenFrom = this.#buffer;
      // A Buffer, which sockets write as it is; they would wrap any other array.
      lastTaken = Buffer.from(takenFrom.buffer, takenFrom.byteOffset, length);
    }
    const taken = lastTaken;
    this.#buffer = NOTHING;
    this.#lastBytes = this.length;
    this.length = 0;
    return taken;
  }

  /** Return taken bytes, once, after their last use. */
  recycle({ buffer }: Uint8Array<ArrayBuffer>): void {
    giveBuffer(takenFrom.buffer === buffer ? takenFrom : wholeBuffer(buffer));
  }

  #drawMask(at: number): number {
    if (nextMask === masks.length) {
      crypto.getRandomValues(masks);
      nextMask = 0;
    }
    for (let i = 0; i < 4; i++) this.#buffer[at + i] = masks[nextMask++] ?? 0;
    return at + 4;
  }

  #grow(size: number): void {
    const old = this.#buffer;
    const needed = this.length + size + MAX_HEADER_BYTES;
    // Beyond one message the buffer grows by a quarter.
    const wanted = old.length === 0 ? this.#lastBytes : old.length * 1.25;
    this.#buffer = takeBuffer(Math.max(needed, Math.ceil(wanted)));
    if (old.length === 0) return;
    this.#buffer.set(old.subarray(0, this.length));
    giveBuffer(old);
  }
}
