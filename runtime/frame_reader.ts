/**
 * RFC 6455 frames as a client reads them: bytes in, messages out, no socket.
 *
 * @module
 */

import { decodeUtf8, FrameError, isWireCloseCode, MAX_CONTROL_BYTES, Opcode } from "./frames.ts";

/** Largest header a server writes, in bytes: it masks nothing. */
const MAX_HEADER_BYTES = 10;
/** A reassembly buffer up to this many bytes is kept for the next message. */
const MAX_KEPT_BYTES = 64 * 1024;

/** What a {@linkcode FrameReader} tells. Bytes are valid until the call returns. */
export interface FrameSink {
  /** One whole binary message. */
  onBinary(message: Uint8Array): void;
  /** One whole text message, whose UTF-8 was checked. */
  onText(): void;
  /** A ping came, with what the pong must carry. */
  onPing(payload: Uint8Array): void;
  /** A close frame came: the last thing that is read. Code 1005 when it carried none. */
  onClose(code: number, reason: string): void;
}

/**
 * Cuts a byte stream into frames and joins fragmented messages.
 *
 * A message that lies whole and unfragmented in one chunk is handed out as a view on that chunk.
 * Lengths are checked as soon as a header is complete, before anything is kept.
 */
export class FrameReader {
  readonly #sink: FrameSink;
  readonly #maxMessageBytes: number;
  readonly #tooBigCode: number;

  readonly #header: Uint8Array = new Uint8Array(MAX_HEADER_BYTES);
  #headerBytes = 0;
  readonly #control: Uint8Array = new Uint8Array(MAX_CONTROL_BYTES);

  #inFrame = false;
  #final = false;
  #opcode = 0;
  #frameBytes = 0;
  #frameRead = 0;

  /** Opcode of the fragmented message under way, 0 when there is none. */
  #messageOpcode = 0;
  #message: Uint8Array = new Uint8Array(0);
  #messageBytes = 0;

  #ended = false;

  /** Create for one connection. `tooBigCode` is the close code of a message over the limit. */
  constructor(sink: FrameSink, maxMessageBytes: number, tooBigCode: number) {
    this.#sink = sink;
    this.#maxMessageBytes = maxMessageBytes;
    this.#tooBigCode = tooBigCode;
  }

  /** Read the next bytes of the stream. Throws {@linkcode FrameError}, and then reads no more. */
  push(chunk: Uint8Array): void {
    let at = 0;
    try {
      while (at < chunk.length && !this.#ended) {
        if (!this.#inFrame) {
          at = this.#readHeader(chunk, at);
          if (!this.#inFrame) continue;
        }
        at = this.#readPayload(chunk, at);
      }
    } catch (error) {
      this.#ended = true;
      throw error;
    }
  }

  #readHeader(chunk: Uint8Array, at: number): number {
    if (this.#headerBytes === 0 && chunk.length - at >= 2) {
      const size = headerSize(chunk[at + 1] ?? 0);
      if (chunk.length - at >= size) {
        this.#startFrame(chunk, at, size);
        return at + size;
      }
    }
    while (at < chunk.length) {
      this.#header[this.#headerBytes++] = chunk[at++] ?? 0;
      if (this.#headerBytes < 2) continue;
      const size = headerSize(this.#header[1] ?? 0);
      if (this.#headerBytes < size) continue;
      this.#headerBytes = 0;
      this.#startFrame(this.#header, 0, size);
      break;
    }
    return at;
  }

  #startFrame(bytes: Uint8Array, at: number, size: number): void {
    const first = bytes[at] ?? 0;
    const second = bytes[at + 1] ?? 0;
    const opcode = first & 0x0f;
    const final = (first & 0x80) !== 0;
    if ((first & 0x70) !== 0) throw new FrameError(1002, "The peer set a reserved bit");
    if ((second & 0x80) !== 0) throw new FrameError(1002, "The server masked a frame");
    const length = payloadLength(bytes, at, size);

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
        throw new FrameError(
          this.#tooBigCode,
          `The peer sent a message of over ${this.#maxMessageBytes} bytes`,
        );
      }
      if (!final && opcode !== Opcode.Continuation) this.#messageOpcode = opcode;
    }
    this.#final = final;
    this.#opcode = opcode;
    this.#frameBytes = length;
    this.#frameRead = 0;
    this.#inFrame = true;
    // No payload byte will come to end this frame.
    if (length === 0) this.#readPayload(bytes, bytes.length);
  }

  #readPayload(chunk: Uint8Array, at: number): number {
    if (!this.#inFrame) return at;
    const end = Math.min(chunk.length, at + this.#frameBytes - this.#frameRead);
    const whole = this.#frameRead === 0 && end - at === this.#frameBytes;
    if (this.#opcode >= Opcode.Close) {
      if (!whole) this.#control.set(chunk.subarray(at, end), this.#frameRead);
      this.#frameRead += end - at;
      if (this.#frameRead < this.#frameBytes) return end;
      this.#inFrame = false;
      this.#endControl(
        whole ? chunk.subarray(at, end) : this.#control.subarray(0, this.#frameBytes),
      );
      return end;
    }
    if (whole && this.#final && this.#messageOpcode === 0) {
      this.#inFrame = false;
      this.#endMessage(this.#opcode, chunk.subarray(at, end));
      return end;
    }
    this.#keep(chunk, at, end);
    this.#frameRead += end - at;
    if (this.#frameRead < this.#frameBytes) return end;
    this.#inFrame = false;
    if (this.#final) {
      const opcode = this.#messageOpcode === 0 ? this.#opcode : this.#messageOpcode;
      const message = this.#message.subarray(0, this.#messageBytes);
      this.#messageOpcode = 0;
      this.#messageBytes = 0;
      if (this.#message.length > MAX_KEPT_BYTES) this.#message = new Uint8Array(0);
      this.#endMessage(opcode, message);
    }
    return end;
  }

  #keep(chunk: Uint8Array, at: number, end: number): void {
    // What the header declared, which was checked against the limit.
    const needed = this.#messageBytes + this.#frameBytes - this.#frameRead;
    if (this.#message.length < needed) {
      const grown = new Uint8Array(
        Math.min(this.#maxMessageBytes, Math.max(needed, this.#message.length * 2)),
      );
      grown.set(this.#message.subarray(0, this.#messageBytes));
      this.#message = grown;
    }
    this.#message.set(chunk.subarray(at, end), this.#messageBytes);
    this.#messageBytes += end - at;
  }

  #endMessage(opcode: number, message: Uint8Array): void {
    if (opcode === Opcode.Binary) return this.#sink.onBinary(message);
    decodeUtf8(message);
    this.#sink.onText();
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

function headerSize(second: number): number {
  const length = second & 0x7f;
  return length < 126 ? 2 : length === 126 ? 4 : 10;
}

function payloadLength(bytes: Uint8Array, at: number, size: number): number {
  if (size === 2) return (bytes[at + 1] ?? 0) & 0x7f;
  let length = 0;
  for (let i = at + 2; i < at + size; i++) length = length * 256 + (bytes[i] ?? 0);
  // Above 2^53 the sum is no longer exact, but still far above any limit.
  if (size === 10 && (bytes[at + 2] ?? 0) >= 0x80) {
    throw new FrameError(1002, "The peer set the highest bit of a length");
  }
  if (length < (size === 4 ? 126 : 65_536)) {
    throw new FrameError(1002, "The peer wrote a length in more bytes than it needs");
  }
  return length;
}
