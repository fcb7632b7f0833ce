/**
 * RFC 6455 frames as a client writes them, many into one buffer.
 *
 * @module
 */

/** Bytes of the first buffer, and of the largest that is used again. */
const FIRST_BYTES = 4096;
const MAX_KEPT_BYTES = 64 * 1024;
/** Largest frame header of a client, in bytes: 2, a 64-bit length, a mask. */
const MAX_HEADER_BYTES = 14;
/** Payloads from this many bytes on are masked four bytes at a time. */
const WORD_MASK_BYTES = 48;

/** Masks drawn ahead: one call to the system's generator costs more than a small frame. */
const masks: Uint8Array<ArrayBuffer> = new Uint8Array(4096);
let nextMask: number = masks.length;

/** A buffer, and the same memory by words. */
interface Buffer {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly words: Int32Array<ArrayBuffer>;
}

/**
 * Frames that wait to be written in one go.
 *
 * Each has a fresh mask from the system's random generator, as the RFC demands.
 */
export class FrameWriter {
  #buffer: Buffer = allocate(FIRST_BYTES);
  #lent: Buffer | undefined;
  #spare: Buffer | undefined;
  /** Bytes appended and not yet taken. */
  length = 0;

  /** Append one final frame. The payload is copied. */
  append(opcode: number, payload: Uint8Array): void {
    const size = payload.length;
    if (this.#buffer.bytes.length - this.length < size + MAX_HEADER_BYTES) this.#grow(size);
    if (nextMask === masks.length) {
      crypto.getRandomValues(masks);
      nextMask = 0;
    }
    const { bytes, words } = this.#buffer;
    let at = this.length;
    bytes[at++] = 0x80 | opcode;
    if (size < 126) {
      bytes[at++] = 0x80 | size;
    } else if (size < 65_536) {
      bytes[at++] = 0x80 | 126;
      bytes[at++] = size >>> 8;
      bytes[at++] = size;
    } else {
      bytes[at++] = 0x80 | 127;
      const high = Math.floor(size / 2 ** 32);
      for (let shift = 24; shift >= 0; shift -= 8) bytes[at++] = high >>> shift;
      for (let shift = 24; shift >= 0; shift -= 8) bytes[at++] = size >>> shift;
    }
    const mask = at;
    bytes[at++] = masks[nextMask++] ?? 0;
    bytes[at++] = masks[nextMask++] ?? 0;
    bytes[at++] = masks[nextMask++] ?? 0;
    bytes[at++] = masks[nextMask++] ?? 0;
    if (size < WORD_MASK_BYTES) {
      for (let i = 0; i < size; i++) {
        bytes[at + i] = (payload[i] ?? 0) ^ (bytes[mask + (i & 3)] ?? 0);
      }
    } else {
      bytes.set(payload, at);
      maskInPlace(bytes, words, at, at + size, mask);
    }
    this.length = at + size;
  }

  /** Take what was appended, and the buffer with it until {@linkcode FrameWriter.recycle}. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#buffer.bytes.subarray(0, this.length);
    this.#lent = this.#buffer;
    this.#buffer = this.#spare ?? allocate(FIRST_BYTES);
    this.#spare = undefined;
    this.length = 0;
    return taken;
  }

  /** Give back bytes that were taken, once nothing reads them any more. */
  recycle(taken: Uint8Array<ArrayBuffer>): void {
    const lent = this.#lent;
    if (lent?.bytes.buffer !== taken.buffer || taken.buffer.byteLength > MAX_KEPT_BYTES) return;
    this.#spare = lent;
    this.#lent = undefined;
  }

  #grow(size: number): void {
    const old = this.#buffer.bytes;
    const needed = this.length + size + MAX_HEADER_BYTES;
    this.#buffer = allocate(Math.max(needed, Math.min(old.length * 2, needed + MAX_KEPT_BYTES)));
    this.#buffer.bytes.set(old.subarray(0, this.length));
  }
}

function allocate(size: number): Buffer {
  const buffer = new ArrayBuffer(Math.ceil(size / 4) * 4);
  return { bytes: new Uint8Array(buffer), words: new Int32Array(buffer) };
}

const turned: Uint8Array<ArrayBuffer> = new Uint8Array(4);
const turnedWord: Int32Array<ArrayBuffer> = new Int32Array(turned.buffer);

function maskInPlace(
  bytes: Uint8Array,
  words: Int32Array,
  start: number,
  end: number,
  mask: number,
): void {
  const firstWord = (start + 3) >>> 2;
  const lastWord = end >>> 2;
  for (let at = start; at < firstWord * 4; at++) {
    bytes[at] = (bytes[at] ?? 0) ^ (bytes[mask + ((at - start) & 3)] ?? 0);
  }
  for (let i = 0; i < 4; i++) {
    turned[i] = bytes[mask + ((firstWord * 4 - start + i) & 3)] ?? 0;
  }
  const word = turnedWord[0] ?? 0;
  for (let at = firstWord; at < lastWord; at++) words[at] = (words[at] ?? 0) ^ word;
  for (let at = lastWord * 4; at < end; at++) {
    bytes[at] = (bytes[at] ?? 0) ^ (bytes[mask + ((at - start) & 3)] ?? 0);
  }
}
