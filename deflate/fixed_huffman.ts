/**
 * LZ77 with DEFLATE's fixed Huffman codes: no tables to send, so it suits small messages best.
 *
 * Synchronous, without state between calls: the hash table is reused, but the entries of earlier messages
 * lie below {@linkcode epoch} and are ignored.
 *
 * @module
 */
import { storedSize } from "./stored.ts";

const MIN_MATCH = 3;
/** A match is looked for by its first word; in messages of up to this many bytes by three of its bytes. */
const MAX_THREE_BYTES = 1280;
const THREE_BYTES = 0xffffff;
const MAX_MATCH = 258;
const WINDOW_BYTES = 32_768;

/** The search skips one more byte for each 2^5 misses in a row. */
const MISS_BITS = 5;

const HASH_BITS = 12;
const HASH_SHIFT = 32 - HASH_BITS;

/** Position of the message's first byte in the table's numbering, then one past its last. */
let epoch = 1;
let heads: Int32Array | undefined;

/** Where an epoch is too near the end of an `i32` to go on; the table is then cleared. */
const MAX_EPOCH = 2 ** 30;

function reverse(code: number, bits: number): number {
  let reversed = 0;
  for (; bits > 0; bits--, code >>= 1) reversed = reversed << 1 | code & 1;
  return reversed;
}

/** Code of each literal, bit-reversed, above the number of its bits in the low 4. */
const LITERALS: Int32Array = Int32Array.from(
  { length: 256 },
  (_, i) => i < 144 ? reverse(0x30 + i, 8) << 4 | 8 : reverse(0x100 + i, 9) << 4 | 9,
);

/** Code and extra bits of each match length, laid out as {@linkcode LITERALS}. */
const LENGTHS: Int32Array = lengths();

function lengths(): Int32Array {
  const table = new Int32Array(MAX_MATCH + 1);
  for (let length = MIN_MATCH, symbol = 257; symbol < 285; symbol++) {
    const extra = symbol < 265 ? 0 : (symbol - 261) >> 2;
    const bits = symbol < 280 ? 7 : 8;
    const code = symbol < 280 ? reverse(symbol - 256, 7) : reverse(0xc0 + symbol - 280, 8);
    for (let i = 0; i < 1 << extra; i++) table[length++] = (i << bits | code) << 4 | bits + extra;
  }
  table[MAX_MATCH] = reverse(0xc5, 8) << 4 | 8;
  return table;
}

const DISTANCES: Int32Array = Int32Array.from({ length: 30 }, (_, i) => reverse(i, 5));

/** Bytes that {@linkcode deflateFixed} may touch of its output for `length` bytes of input. */
export function maxFixedSize(length: number): number {
  // Nine bits for each byte, and the rest of the last word.
  return length + (length >> 3) + 16;
}

/**
 * Deflate `input` into one final block of fixed Huffman codes.
 *
 * @param output At least {@linkcode maxFixedSize} bytes from `outputAt` on.
 * @returns The position after the last byte written, or -1 if stored blocks would be smaller: the caller
 * then drops the output.
 */
export function deflateFixed(input: Uint8Array, output: Uint8Array, outputAt = 0): number {
  const { length } = input;
  heads ??= new Int32Array(1 << HASH_BITS);
  if (epoch + length > MAX_EPOCH) {
    heads.fill(0);
    epoch = 1;
  }
  const table = heads;
  const first = epoch;
  epoch += length;
  const from = new DataView(input.buffer, input.byteOffset, length);
  const into = new DataView(output.buffer, output.byteOffset, output.length);

  const mask = length > MAX_THREE_BYTES ? -1 : THREE_BYTES;
  const shortest = length > MAX_THREE_BYTES ? MIN_MATCH + 1 : MIN_MATCH;
  const lastMatch = length - 4;
  let out = outputAt;
  let hold = 3; // final, fixed
  let bits = 3; // of `hold`, less than 8 between two writes
  let at = 0;
  let misses = 0;
  let next = 1; // the next position to search

  while (at <= lastMatch) {
    const key = from.getInt32(at, true);
    if (at >= next) {
      const slot = Math.imul(key & mask, 0x9e3779b1) >>> HASH_SHIFT;
      // What was seen never, or in a message before, counts as seen at 0: no branch, and a match there is one.
      let seen = (table[slot] as number) - first;
      seen &= ~(seen >> 31);
      table[slot] = at + first;
      const back = at - seen - 1;
      if (((from.getInt32(seen, true) ^ key) & mask) === 0 && back < WINDOW_BYTES) {
        const max = Math.min(length - at, MAX_MATCH);
        let match = shortest;
        let differ = 0;
        while (match + 4 <= max) {
          differ = from.getInt32(at + match, true) ^ from.getInt32(seen + match, true);
          if (differ !== 0) break;
          match += 4;
        }
        if (differ !== 0) match += 31 - Math.clz32(differ & -differ) >> 3;
        else while (match < max && input[seen + match] === input[at + match]) match++;

        const code = LENGTHS[match] as number;
        hold |= code >> 4 << bits;
        bits += code & 15;
        const extra = back < 4 ? 0 : 30 - Math.clz32(back);
        if (bits + 5 + extra > 31) {
          into.setInt32(out, hold, true);
          out += bits >> 3;
          hold >>>= bits & 24;
          bits &= 7;
        }
        const symbol = back < 4 ? back : 2 * extra + (back >> extra);
        hold |= ((DISTANCES[symbol] as number) | (back & (1 << extra) - 1) << 5) << bits;
        bits += 5 + extra;
        into.setInt32(out, hold, true);
        out += bits >> 3;
        hold >>>= bits & 24;
        bits &= 7;

        at = next = at + match;
        misses = 0;
        // Index one more position of the match. Indexing all of them costs more than it saves.
        if (at <= lastMatch) {
          const key = from.getInt32(at - 2, true);
          table[Math.imul(key & mask, 0x9e3779b1) >>> HASH_SHIFT] = at - 2 + first;
        }
        continue;
      }
      next = at + 1 + (misses++ >> MISS_BITS);
    }
    const literal = LITERALS[key & 255] as number;
    hold |= literal >> 4 << bits;
    bits += literal & 15;
    at++;
    into.setInt32(out, hold, true);
    out += bits >> 3;
    hold >>>= bits & 24;
    bits &= 7;
  }
  while (at < length) {
    const literal = LITERALS[input[at++] as number] as number;
    hold |= literal >> 4 << bits;
    bits += literal & 15;
    into.setInt32(out, hold, true);
    out += bits >> 3;
    hold >>>= bits & 24;
    bits &= 7;
  }

  bits += 7; // end of block: seven zero bits
  for (; bits > 0; bits -= 8, hold >>>= 8) output[out++] = hold;
  return out - outputAt > storedSize(length) ? -1 : out;
}
