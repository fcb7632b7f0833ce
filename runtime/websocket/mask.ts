/**
 * The mask of RFC 6455, section 5.3: four repeated bytes, combined by exclusive or.
 *
 * @module
 */
import { openVectorMask, type VectorMask } from "./vector_mask.ts";

/** Payloads of at least this many bytes are masked four bytes at a time. */
const WORD_BYTES = 48;
/** Payloads of at least this many bytes are masked 16 bytes at a time, which copies them twice. */
const VECTOR_BYTES = 16_384;

/** Opened for the first such payload; `false` if it cannot be. */
let maskVectors: VectorMask | false | undefined;

const turned: Uint8Array<ArrayBuffer> = new Uint8Array(4);
const turnedWord: Int32Array<ArrayBuffer> = new Int32Array(turned.buffer);

/** A mask's four bytes as one number, the first byte highest. */
export function packMask(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 24) | ((bytes[at + 1] ?? 0) << 16) |
    ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0);
}

/** The mask rotated by `bytes`. */
export function turnMask(mask: number, bytes: number): number {
  const bits = (bytes & 3) * 8;
  return bits === 0 ? mask : (mask << bits) | (mask >>> (32 - bits));
}

function vectorMask(): VectorMask | false {
  return maskVectors ??= openVectorMask() ?? false;
}

/** Copy a payload to `at` of some bytes, masked. */
export function setMasked(bytes: Uint8Array, at: number, payload: Uint8Array, mask: number): void {
  const { length } = payload;
  const mayMask = length >= VECTOR_BYTES && vectorMask();
  if (mayMask) return mayMask(payload, 0, length, mask, bytes, at);
  bytes.set(payload, at);
  applyMask(bytes, at, at + length, mask);
}

/** Mask or unmask the bytes from `start` to `end` in place. */
export function applyMask(bytes: Uint8Array, start: number, end: number, mask: number): void {
  if (end - start < WORD_BYTES) return byByte(bytes, start, end, mask);
  const mayMask = end - start >= VECTOR_BYTES && vectorMask();
  if (mayMask) return mayMask(bytes, start, end, mask, bytes, start);
  const { buffer, byteOffset } = bytes;
  const first = (byteOffset + start + 3) >>> 2;
  const last = (byteOffset + end) >>> 2;
  const words = new Int32Array(buffer, first * 4, last - first);
  const wordsStart = first * 4 - byteOffset;
  const wordsEnd = last * 4 - byteOffset;
  byByte(bytes, start, wordsStart, mask);
  const rest = turnMask(mask, wordsStart - start);
  turned[0] = rest >>> 24;
  turned[1] = rest >>> 16;
  turned[2] = rest >>> 8;
  turned[3] = rest;
  const word = turnedWord[0] ?? 0;
  maskWords(words, word);
  byByte(bytes, wordsEnd, end, rest);
}

/** Eight at a time: the loop itself takes as long as a word. */
function maskWords(words: Int32Array, word: number): void {
  let i = 0;
  for (const end = words.length - 7; i < end; i += 8) {
    words[i]! ^= word;
    words[i + 1]! ^= word;
    words[i + 2]! ^= word;
    words[i + 3]! ^= word;
    words[i + 4]! ^= word;
    words[i + 5]! ^= word;
    words[i + 6]! ^= word;
    words[i + 7]! ^= word;
  }
  for (; i < words.length; i++) words[i]! ^= word;
}

function byByte(bytes: Uint8Array, start: number, end: number, mask: number): void {
  for (let at = start; at < end; at++) {
    bytes[at] = (bytes[at] ?? 0) ^ (mask >>> 24);
    mask = (mask << 8) | (mask >>> 24);
  }
}
