/**
 * RFC 6455 frames as they are written, many into one buffer.
 *
 * @module
 */

import { Opcode } from "./frames.ts";
import { applyMask, packMask } from "./mask.ts";

/** Bytes of the first buffer, and of the largest that is used again. */
const FIRST_BYTES = 4096;
const MAX_POOLED_BYTES = 64 * 1024;
/** How many buffers wait to be used again. */
const MAX_POOLED = 32;
/** Payloads of up to this many bytes are copied one byte at a time. */
const MAX_LOOPED_BYTES = 48;
/**
 * Largest payload of a client's frame, in bytes: 16 MiB, which is what servers on tungstenite take,
 * Rust's HardLight among them. They take larger messages in several frames.
 */
const MAX_FRAME_BYTES = 1 << 24;
/** The first bit of a message's last frame. */
const FINAL = 0x80;
/** Largest frame header, in bytes: 2, a 64-bit length, a mask. */
const MAX_HEADER_BYTES = 14;

/** The connections' own: one that has nothing to write holds no buffer. */
const pool: Uint8Array<ArrayBuffer>[] = [];
const NOTHING: Uint8Array<ArrayBuffer> = new Uint8Array(0);

/** Masks drawn ahead: one call to the system's generator costs more than a small frame. */
const masks: Uint8Array<ArrayBuffer> = new Uint8Array(4096);
let nextMask: number = masks.length;

/**
 * Frames that wait to be written in one go.
 *
 * A client's have each a fresh mask from the system's random generator, as the RFC demands; a
 * server's have none.
 */
export class FrameWriter {
  readonly #masked: boolean;
  #buffer: Uint8Array<ArrayBuffer> = NOTHING;
  /** Bytes appended and not yet taken. */
  length = 0;

  /** Create for one connection, at the client's or the server's end. */
  constructor(side: "client" | "server") {
    this.#masked = side === "client";
  }

  /** Append one message: one frame, or several if a client's is large. The payload is copied. */
  append(opcode: number, payload: Uint8Array): void {
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

  #append(first: number, payload: Uint8Array): void {
    const size = payload.length;
    if (this.#buffer.length - this.length < size + MAX_HEADER_BYTES) this.#grow(size);
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
    if (this.#masked) at = this.#drawMask(at);
    this.length = at + size;
    // A call to `set` costs more than a few bytes.
    if (size > MAX_LOOPED_BYTES) bytes.set(payload, at);
    else for (let i = 0; i < size; i++) bytes[at + i] = payload[i]!;
    if (this.#masked) applyMask(bytes, at, this.length, packMask(bytes, at - 4));
  }

  /** Take what was appended, and the buffer with it until {@linkcode FrameWriter.recycle}. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#buffer.subarray(0, this.length);
    this.#buffer = NOTHING;
    this.length = 0;
    return taken;
  }

  /** Give back bytes that were taken, once, and once nothing reads them any more. */
  recycle(taken: Uint8Array<ArrayBuffer>): void {
    const { buffer } = taken;
    if (buffer.byteLength > MAX_POOLED_BYTES || pool.length >= MAX_POOLED) return;
    pool.push(new Uint8Array(buffer));
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
    const pooled = old.length === 0 ? pool.pop() : undefined;
    if (pooled !== undefined && pooled.length >= needed) {
      this.#buffer = pooled;
      return;
    }
    const roomy = Math.max(FIRST_BYTES, Math.min(old.length * 2, needed + MAX_POOLED_BYTES));
    this.#buffer = new Uint8Array(Math.max(needed, roomy));
    this.#buffer.set(old.subarray(0, this.length));
  }
}
