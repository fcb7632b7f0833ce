/**
 * A strict raw DEFLATE decoder (RFC 1951): it accepts exactly what zlib accepts and rejects trailing bytes.
 *
 * @module
 */
import { DISTANCES, fixedCodes, Huffman, IS_END, IS_LENGTH, IS_NONE, LITERALS } from "./huffman.ts";
import { soleStoredLength, STORED_HEADER_BYTES } from "./stored.ts";

/** Bytes the output starts with. */
const SCRATCH_BYTES = 16_384;

/** Most bytes of output memory that are kept from one call to the next: 1 MiB and 16 KiB of overhead. */
export const MAX_SCRATCH_BYTES: number = 1_048_576 + 16_384;

const END_OF_BLOCK = 256;

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
  const codes = dynamic ??= [new Huffman(LITERALS), new Huffman(DISTANCES)];
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
    const symbol = entry >> 8;
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
  const last = end - 1;
  const { table, mask } = literals;
  const { table: farTable, mask: farMask } = distances;
  let target = output;
  let out = used;
  let next = at;
  let word = hold;
  let count = bits;

  for (;;) {
    if (count < 16) {
      if (next < last) {
        word |= ((source[next] as number) | (source[next + 1] as number) << 8) << count;
      } else if (next < end) word |= (source[next] as number) << count;
      next += 2;
      count += 16;
    }
    let entry = table[word & mask] as number;
    if (entry === 0 && (entry = literals.findLong(word)) < 0) throw corrupt("an unused code");
    word >>>= entry & 15;
    count -= entry & 15;
    if (next > end && next - (count >> 3) > end) break;

    if (entry < IS_LENGTH) {
      if (out >= room) {
        used = out;
        grow(out + 1, maxBytes);
        target = output;
      }
      target[out++] = entry >> 8;
      continue;
    }
    if (entry >= IS_END) {
      if (entry < IS_NONE) break;
      throw corrupt("a length that does not exist");
    }

    if (count < 16) {
      if (next < last) {
        word |= ((source[next] as number) | (source[next + 1] as number) << 8) << count;
      } else if (next < end) word |= (source[next] as number) << count;
      next += 2;
      count += 16;
    }
    const lengthExtra = entry >> 4 & 15;
    const length = (entry >> 8 & 0xffff) + (word & (1 << lengthExtra) - 1);
    word >>>= lengthExtra;
    count -= lengthExtra;
    if (count < 16) {
      if (next < last) {
        word |= ((source[next] as number) | (source[next + 1] as number) << 8) << count;
      } else if (next < end) word |= (source[next] as number) << count;
      next += 2;
      count += 16;
    }
    let far = farTable[word & farMask] as number;
    if (far === 0 && (far = distances.findLong(word)) < 0) throw corrupt("an unused code");
    word >>>= far & 15;
    count -= far & 15;
    if (count < 16) {
      if (next < last) {
        word |= ((source[next] as number) | (source[next + 1] as number) << 8) << count;
      } else if (next < end) word |= (source[next] as number) << count;
      next += 2;
      count += 16;
    }
    const farExtra = far >> 4 & 15;
    const distance = (far >> 8) + (word & (1 << farExtra) - 1);
    word >>>= farExtra;
    count -= farExtra;
    if (next > end && next - (count >> 3) > end) break;
    if (far >= IS_NONE) throw corrupt("a distance that does not exist");
    if (distance > out) throw corrupt("a distance before the start");

    if (out + length > room) {
      used = out;
      grow(out + length, maxBytes);
      target = output;
    }
    for (let from = out - distance, stop = out + length; out < stop;) {
      target[out++] = target[from++] as number;
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
