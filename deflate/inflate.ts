/**
 * A strict raw DEFLATE decoder (RFC 1951): it accepts exactly what zlib accepts and rejects trailing bytes.
 *
 * @module
 */
import { fixedCodes, Huffman } from "./huffman.ts";
import { soleStoredLength, STORED_HEADER_BYTES } from "./stored.ts";

/** Bytes the output starts with. */
const SCRATCH_BYTES = 16_384;

/** Most bytes of output memory that are kept from one call to the next: 1 MiB and 16 KiB of overhead. */
export const MAX_SCRATCH_BYTES: number = 1_048_576 + 16_384;

const END_OF_BLOCK = 256;

/** First value and extra bits of the length symbols from 257, and of the distance symbols: two of these mean none. */
const LENGTH_BASE: Uint16Array = new Uint16Array(29);
const LENGTH_EXTRA: Uint8Array = new Uint8Array(29);
const DISTANCE_BASE: Uint16Array = new Uint16Array(32);
const DISTANCE_EXTRA: Uint8Array = new Uint8Array(32);
for (let i = 0, length = 3, distance = 1; i < 30; i++) {
  DISTANCE_BASE[i] = distance;
  distance += 1 << (DISTANCE_EXTRA[i] = i < 4 ? 0 : (i - 2) >> 1);
  LENGTH_BASE[i] = length;
  length += 1 << (LENGTH_EXTRA[i] = i < 8 ? 0 : (i - 4) >> 2);
}
LENGTH_BASE[28] = 258;
LENGTH_EXTRA[28] = 0;

/** The order in which a dynamic block gives the lengths of its code length codes. */
const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15] as const;

const NOTHING: Uint8Array = new Uint8Array(0);

let scratch: Uint8Array | undefined;
let codeLengths: Uint8Array | undefined;
let dynamic: readonly [Huffman, Huffman] | undefined;

/** The stream being read: zeros past its end, whose use {@linkcode checkEnd} detects. */
let input: Uint8Array = NOTHING;
let at = 0;
let hold = 0;
let bits = 0;

/** The result so far, and where memory for it ends. */
let output: Uint8Array = NOTHING;
let used = 0;
let room = 0;

/** Where the stream that was read last has ended. */
let ended = 0;

function corrupt(what: string): InflateError {
  return new InflateError("Corrupt", `Cannot inflate: ${what}`);
}

function fill(count: number): void {
  while (bits < count) {
    if (at < input.length) hold |= (input[at] as number) << bits;
    at++;
    bits += 8;
  }
}

function take(count: number): number {
  fill(count);
  const value = hold & (1 << count) - 1;
  hold >>>= count;
  bits -= count;
  return value;
}

function checkEnd(): void {
  if (at - (bits >> 3) > input.length) {
    throw new InflateError("Truncated", "Cannot inflate: the stream ends too early");
  }
}

function grow(need: number, maxBytes: number): void {
  if (need > maxBytes) {
    throw new InflateError("TooBig", `Cannot inflate: more than ${maxBytes} bytes`);
  }
  const double = output.length * 2;
  // A message that fits the kept buffer needs no allocation.
  const roomy = need > MAX_SCRATCH_BYTES ? double : Math.min(double, MAX_SCRATCH_BYTES);
  room = Math.min(maxBytes, Math.max(need, roomy));
  const grown = new Uint8Array(room);
  grown.set(output.subarray(0, used));
  output = grown;
  if (room > SCRATCH_BYTES && room <= MAX_SCRATCH_BYTES) scratch = grown;
}

function dynamicCodes(): readonly [Huffman, Huffman] {
  const codes = dynamic ??= [new Huffman(286), new Huffman(30)];
  const lengths = codeLengths ??= new Uint8Array(286 + 30);
  const literals = take(5) + 257;
  const total = literals + take(5) + 1;
  const count = take(4) + 4;
  checkEnd();
  if (literals > 286 || total - literals > 30) throw corrupt("too many symbols");

  lengths.fill(0, 0, ORDER.length);
  for (let i = 0; i < count; i++) lengths[ORDER[i] as number] = take(3);
  checkEnd();
  if (!codes[0].build(lengths, 0, ORDER.length, false)) throw corrupt("an incomplete code");

  for (let i = 0, last = 0; i < total;) {
    fill(7);
    const entry = codes[0].table[hold & codes[0].mask] as number; // at most 7 bits: always there
    take(entry & 15);
    const symbol = entry >> 4;
    let repeat = 1;
    if (symbol < 16) last = symbol;
    else if (symbol === 16) repeat = 3 + take(2);
    else {
      last = 0;
      repeat = symbol === 17 ? 3 + take(3) : 11 + take(7);
    }
    checkEnd();
    if (symbol === 16 && i === 0 || i + repeat > total) throw corrupt("a bad repeat");
    while (repeat-- > 0) lengths[i++] = last;
  }
  if (lengths[END_OF_BLOCK] === 0) throw corrupt("no code for the end of a block");
  if (
    !codes[0].build(lengths, 0, literals, true) ||
    !codes[1].build(lengths, literals, total - literals, true)
  ) throw corrupt("an incomplete code");
  return codes;
}

/** Everything up to the end of a block, with the reader's state in locals: this is the hot loop. */
function readSymbols([literals, distances]: readonly [Huffman, Huffman], maxBytes: number): void {
  const source = input;
  const end = source.length;
  const { table, mask } = literals;
  const { table: farTable, mask: farMask } = distances;
  let target = output;
  let out = used;
  let next = at;
  let word = hold;
  let count = bits;

  for (;;) {
    while (count <= 24) {
      if (next < end) word |= (source[next] as number) << count;
      next++;
      count += 8;
    }
    let entry = table[word & mask] as number;
    if (entry === 0 && (entry = literals.findLong(word)) < 0) throw corrupt("an unused code");
    word >>>= entry & 15;
    count -= entry & 15;
    if (next > end && next - (count >> 3) > end) break;
    const symbol = entry >> 4;

    if (symbol < END_OF_BLOCK) {
      if (out >= room) {
        used = out;
        grow(out + 1, maxBytes);
        target = output;
      }
      target[out++] = symbol;
      continue;
    }
    if (symbol === END_OF_BLOCK) break;
    if (symbol > 285) throw corrupt("a length that does not exist");

    const lengthExtra = LENGTH_EXTRA[symbol - 257] as number;
    const length = (LENGTH_BASE[symbol - 257] as number) + (word & (1 << lengthExtra) - 1);
    word >>>= lengthExtra;
    count -= lengthExtra;
    while (count <= 24) {
      if (next < end) word |= (source[next] as number) << count;
      next++;
      count += 8;
    }
    let far = farTable[word & farMask] as number;
    if (far === 0 && (far = distances.findLong(word)) < 0) throw corrupt("an unused code");
    word >>>= far & 15;
    count -= far & 15;
    const farBase = DISTANCE_BASE[far >> 4] as number;
    const farExtra = DISTANCE_EXTRA[far >> 4] as number;
    while (count <= 16) {
      if (next < end) word |= (source[next] as number) << count;
      next++;
      count += 8;
    }
    const distance = farBase + (word & (1 << farExtra) - 1);
    word >>>= farExtra;
    count -= farExtra;
    if (next > end && next - (count >> 3) > end) break;
    if (farBase === 0) throw corrupt("a distance that does not exist");
    if (distance > out) throw corrupt("a distance before the start");

    if (out + length > room) {
      used = out;
      grow(out + length, maxBytes);
      target = output;
    }
    for (const stop = out + length; out < stop; out++) {
      target[out] = target[out - distance] as number;
    }
  }
  used = out;
  at = next;
  hold = word;
  bits = count;
  checkEnd();
}

function readStored(maxBytes: number): void {
  at -= bits >> 3;
  hold = bits = 0;
  const length = take(16);
  const check = take(16);
  checkEnd();
  if ((length ^ check) !== 0xffff) throw corrupt("a stored block's lengths disagree");
  if (used + length > room) grow(used + length, maxBytes);
  at += length;
  checkEnd();
  output.set(input.subarray(at - length, at), used);
  used += length;
}

function readBlocks(maxBytes: number): Uint8Array {
  at = used = 0;
  hold = bits = 0;
  output = scratch ??= new Uint8Array(SCRATCH_BYTES);
  room = Math.min(output.length, maxBytes);
  for (let final = 0; final === 0;) {
    final = take(1);
    const kind = take(2);
    checkEnd();
    if (kind === 0) readStored(maxBytes);
    else if (kind === 1) readSymbols(fixedCodes(), maxBytes);
    else if (kind === 2) readSymbols(dynamicCodes(), maxBytes);
    else throw corrupt("a block of an unknown kind");
  }
  ended = at - (bits >> 3);
  return output.subarray(0, used);
}

/**
 * Inflate exactly one raw DEFLATE stream.
 *
 * The result is valid until the next call. If `bytes` are one stored block it is a view of them.
 *
 * @param bytes The whole stream.
 * @param maxBytes Most bytes the result may have; checked before they are allocated.
 * @returns The inflated bytes.
 * @throws {InflateError} `Truncated`, `Corrupt`, `TooBig`, or `TrailingBytes` if bytes follow the final
 * block.
 */
export function inflate(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const length = soleStoredLength(bytes);
  if (length >= 0 && length <= maxBytes) return bytes.subarray(STORED_HEADER_BYTES);
  const inflated = inflateFirst(bytes, maxBytes);
  if (ended < bytes.length) {
    throw new InflateError("TrailingBytes", "Cannot inflate: bytes follow the final block");
  }
  return inflated;
}

/**
 * Inflate the raw DEFLATE stream at the start of `bytes`; {@linkcode inflatedBytes} tells where it ends.
 *
 * @param bytes The stream, and any bytes after it.
 * @param maxBytes Most bytes the result may have; checked before they are allocated.
 * @returns The inflated bytes, valid until the next call.
 * @throws {InflateError} `Truncated`, `Corrupt` or `TooBig`.
 */
export function inflateFirst(bytes: Uint8Array, maxBytes: number): Uint8Array {
  input = bytes;
  try {
    return readBlocks(maxBytes);
  } finally {
    input = output = NOTHING;
  }
}

/** Bytes of the stream that {@linkcode inflateFirst} read last. */
export function inflatedBytes(): number {
  return ended;
}

/** Why a stream could not be inflated. */
export type InflateErrorCode = "Truncated" | "Corrupt" | "TrailingBytes" | "TooBig";

/** A stream that is not exactly one raw DEFLATE stream within the limit. */
export class InflateError extends Error {
  /** The violated rule. */
  readonly code: InflateErrorCode;
  /** Create with a code and a message. */
  constructor(code: InflateErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "InflateError";
    this.code = code;
  }
}
