/**
 * Reads RFC 6455 frames: bytes in, messages out, no socket.
 *
 * @module
 */

import { MAX_BATCH_BYTES } from "../../wire/batch.ts";
import { tooBigReason } from "../../wire/close.ts";
import { giveBuffer, takeBuffer, takeFreeBuffer } from "./buffers.ts";
import {
  decodeUtf8,
  FrameError,
  isWireCloseCode,
  MAX_CONTROL_BYTES,
  MAX_HEADER_BYTES,
  Opcode,
  payloadLength,
} from "./frames.ts";
import { applyMask, packMask, turnMask } from "./mask.ts";

/** First size of a reassembly buffer, in bytes: a header alone must not allocate more. */
const FIRST_KEPT_BYTES = 16 * 1024;
/** Growth factor of a reassembly buffer over the received bytes. */
const GROWTH = 4;
const MASK_BYTES = 4;
/** Smaller messages, in bytes, are copied: a view of the chunk costs more. */
const MAX_COPIED_BYTES = 64;
/** Reused arrays for small messages, by length. */
const copies: (Uint8Array | undefined)[] = new Array(MAX_COPIED_BYTES).fill(undefined);
const NOTHING: Uint8Array<ArrayBuffer> = new Uint8Array(0);

/** The sender of the frames: a client masks each frame, a server none. */
export type FrameSource = "client" | "server";

/** The listener of a {@linkcode FrameReader}. Bytes are valid until the call returns. */
export interface FrameSink {
  /** Whether it takes the memory of large messages, so that each should fill its buffer. Absent: no. */
  readonly takesMemory?: boolean | undefined;
  /** One whole binary message. */
  onBinary(message: Uint8Array): void;
  /** One whole text message of valid UTF-8. */
  onText?(): void;
  /** A ping; the pong must have the same payload. */
  onPing(payload: Uint8Array): void;
  /** A close frame, after which nothing is read. Code 1005 if it has none. */
  onClose(code: number, reason: string): void;
}

/**
 * Cuts a byte stream into frames and joins fragmented messages.
 *
 * A message that lies unfragmented in one chunk is delivered as a view of it, unmasked in place (a small one as
 * a copy). Lengths are checked as soon as a header is complete, before anything is kept. Nothing is kept
 * between messages.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #maxMessageBytes: number;
  readonly #tooBigCode: number;

  readonly #masked: boolean;

  #header: Uint8Array = NOTHING;
  #headerBytes = 0;
  #control: Uint8Array = NOTHING;

  #inFrame = false;
  #final = false;
  #opcode = 0;
  #frameBytes = 0;
  #frameRead = 0;
  #mask = 0;

  /** Opcode of the current fragmented message, or 0. */
  #messageOpcode = 0;
  #message: Uint8Array<ArrayBuffer> = NOTHING;
  #messageBytes = 0;
  /** Bytes of the largest joined message. */
  #largestBytes = 0;

  #ended = false;
  #stopped = false;
  /** Where the bytes end that are being read. */
  #end = 0;

  /** Create for one connection. `tooBigCode` is the close code of a message over the limit. */
  constructor(
    source: FrameSource,
    sink: FrameSink,
    maxMessageBytes: number,
    tooBigCode: number,
  ) {
    this.#masked = source === "client";
    this.#sink = sink;
    this.#maxMessageBytes = maxMessageBytes;
    this.#tooBigCode = tooBigCode;
  }

  /** Stop after the current message. */
  stop(): void {
    this.#stopped = true;
  }

  /**
   * Read the next bytes of the stream, the first `length` of an array. Returns how many were read: all, unless it was
   * stopped or the stream has ended. Reads no more after throwing {@linkcode FrameError}.
   */
  push(chunk: Uint8Array, length: number = chunk.length): number {
    let at = 0;
    this.#stopped = false;
    this.#end = length;
    try {
      while (at < length && !this.#ended && !this.#stopped) {
        if (!this.#inFrame) {
          at = this.#readHeader(chunk, at);
          if (!this.#inFrame) continue;
        }
        at = this.#readPayload(chunk, at);
      }
      return at;
    } catch (error) {
      this.#ended = true;
      throw error;
    }
  }

  #readHeader(chunk: Uint8Array, at: number): number {
    const end = this.#end;
    if (this.#headerBytes === 0 && end - at >= 2) {
      const size = this.#headerSize(chunk[at + 1] ?? 0);
      if (end - at >= size) {
        this.#startFrame(chunk, at, size);
        return at + size;
      }
    }
    if (this.#header === NOTHING) this.#header = new Uint8Array(MAX_HEADER_BYTES);
    while (at < end) {
      this.#header[this.#headerBytes++] = chunk[at++] ?? 0;
      if (this.#headerBytes < 2) continue;
      const size = this.#headerSize(this.#header[1] ?? 0);
      if (this.#headerBytes < size) continue;
      const header = this.#header;
      this.#header = NOTHING;
      this.#headerBytes = 0;
      this.#startFrame(header, 0, size);
      break;
    }
    return at;
  }

  #headerSize(second: number): number {
    // Already invalid: don't wait for further bytes.
    if (((second & 0x80) !== 0) !== this.#masked) return 2;
    const length = second & 0x7f;
    return (length < 126 ? 2 : length === 126 ? 4 : 10) + (this.#masked ? MASK_BYTES : 0);
  }

  #startFrame(bytes: Uint8Array, at: number, size: number): void {
    const first = bytes[at] ?? 0;
    const second = bytes[at + 1] ?? 0;
    const opcode = first & 0x0f;
    const final = (first & 0x80) !== 0;
    if ((first & 0x70) !== 0) throw new FrameError(1002, "The peer set a reserved bit");
    if (((second & 0x80) !== 0) !== this.#masked) {
      throw new FrameError(1002, `The ${this.#masked ? "client sent no" : "server sent a"} mask`);
    }
    const length = payloadLength(bytes, at);
    if (this.#masked) this.#mask = packMask(bytes, at + size - MASK_BYTES);

    if (opcode >= Opcode.Close) {
      if (opcode > Opcode.Pong) throw new FrameError(1002, `The peer sent opcode ${opcode}`);
      if (!final) throw new FrameError(1002, "The peer fragmented a control frame");
      if (length > MAX_CONTROL_BYTES) {
        throw new FrameError(1002, `The peer sent a control frame of ${length} bytes`);
      }
    } else {
      if (opcode > Opcode.Binary) throw new FrameError(1002, `The peer sent opcode ${opcode}`);
      if (opcode === Opcode.Continuation && this.#messageOpcode === 0) {
        throw new FrameError(1002, "The peer continued a message that it had not begun");
      }
      if (opcode !== Opcode.Continuation && this.#messageOpcode !== 0) {
        throw new FrameError(1002, "The peer began a message inside another");
      }
      if (this.#messageBytes + length > this.#maxMessageBytes) {
        throw new FrameError(this.#tooBigCode, tooBigReason(this.#maxMessageBytes));
      }
      if (!final && opcode !== Opcode.Continuation) this.#messageOpcode = opcode;
    }
    this.#final = final;
    this.#opcode = opcode;
    this.#frameBytes = length;
    this.#frameRead = 0;
    this.#inFrame = true;
    // An empty frame ends here: no payload follows.
    if (length === 0) this.#readPayload(bytes, 0);
  }

  #readPayload(chunk: Uint8Array, at: number): number {
    if (!this.#inFrame) return at;
    const end = Math.min(this.#end, at + this.#frameBytes - this.#frameRead);
    const whole = this.#frameRead === 0 && end - at === this.#frameBytes;
    if (this.#masked) applyMask(chunk, at, end, turnMask(this.#mask, this.#frameRead));
    if (this.#opcode >= Opcode.Close) {
      let payload = chunk.subarray(at, end);
      if (!whole) {
        if (this.#control === NOTHING) this.#control = new Uint8Array(MAX_CONTROL_BYTES);
        this.#control.set(payload, this.#frameRead);
      }
      this.#frameRead += end - at;
      if (this.#frameRead < this.#frameBytes) return end;
      this.#inFrame = false;
      if (!whole) payload = this.#control.subarray(0, this.#frameBytes);
      this.#control = NOTHING;
      this.#endControl(payload);
      return end;
    }
    // A chunk that is one message is its giver's, and the message may be the listener's.
    const isChunk = end - at > MAX_BATCH_BYTES && end - at === chunk.buffer.byteLength;
    if (whole && this.#final && this.#messageOpcode === 0 && !isChunk) {
      this.#inFrame = false;
      if (end - at >= MAX_COPIED_BYTES) this.#endMessage(this.#opcode, chunk.subarray(at, end));
      else this.#endSmall(chunk, at, end);
      return end;
    }
    this.#keep(chunk, at, end);
    this.#frameRead += end - at;
    if (this.#frameRead < this.#frameBytes) return end;
    this.#inFrame = false;
    if (this.#final) {
      const opcode = this.#messageOpcode === 0 ? this.#opcode : this.#messageOpcode;
      const kept = this.#message;
      const message = kept.subarray(0, this.#messageBytes);
      this.#messageOpcode = this.#messageBytes = 0;
      this.#message = NOTHING;
      this.#largestBytes = Math.max(this.#largestBytes, message.length);
      this.#endMessage(opcode, message);
      giveBuffer(kept);
    }
    return end;
  }

  #keep(chunk: Uint8Array, at: number, end: number): void {
    const needed = this.#messageBytes + end - at;
    if (this.#message.length < needed) {
      // The declared length, which was checked against the limit.
      const declared = this.#messageBytes + this.#frameBytes - this.#frameRead;
      const roomy = Math.max(needed, FIRST_KEPT_BYTES, this.#message.length * GROWTH);
      const old = this.#message;
      // What is no larger than what this peer has sent before may have memory of its own at once.
      const isOwn = this.#sink.takesMemory === true && this.#final && old === NOTHING &&
        declared <= this.#largestBytes;
      this.#message = isOwn ? new Uint8Array(declared) : takeFreeBuffer(declared) ??
        takeBuffer(Math.min(roomy, this.#final ? declared : this.#maxMessageBytes));
      this.#message.set(old.subarray(0, this.#messageBytes));
      giveBuffer(old);
    }
    this.#message.set(chunk.subarray(at, end), this.#messageBytes);
    this.#messageBytes += end - at;
  }

  #endSmall(chunk: Uint8Array, at: number, end: number): void {
    const size = end - at;
    const message = copies[size] ?? new Uint8Array(size);
    // Removed while in use: the listener may cause frames to be read.
    copies[size] = undefined;
    for (let i = 0; i < size; i++) message[i] = chunk[at + i]!;
    this.#endMessage(this.#opcode, message);
    copies[size] = message;
  }

  #endMessage(opcode: number, message: Uint8Array): void {
    if (opcode === Opcode.Binary) return this.#sink.onBinary(message);
    // Invalid UTF-8 is an error even if text is ignored.
    decodeUtf8(message);
    this.#sink.onText?.();
  }

  #endControl(payload: Uint8Array): void {
    if (this.#opcode === Opcode.Ping) return this.#sink.onPing(payload);
    if (this.#opcode === Opcode.Pong) return;
    this.#ended = true;
    if (payload.length === 0) return this.#sink.onClose(1005, "");
    if (payload.length === 1) throw new FrameError(1002, "The peer sent half a close code");
    const code = ((payload[0] ?? 0) << 8) | (payload[1] ?? 0);
    if (!isWireCloseCode(code)) throw new FrameError(1002, `The peer sent close code ${code}`);
    this.#sink.onClose(code, decodeUtf8(payload.subarray(2)));
  }
}
