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
const MAX_MATCH = 258;
const WINDOW_BYTES = 32_768;

/** A match of three bytes from further back costs more bits than three literals. */
const MAX_SHORT_DISTANCE = 4096;

const HASH_BITS = 13;
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
  return storedSize(length) + 8;
}

/**
 * Deflate `input[inputStart, inputEnd)` into one final block of fixed Huffman codes.
 *
 * @param output At least {@linkcode maxFixedSize} bytes from `outputAt` on.
 * @returns The position after the last byte written, or -1 if stored blocks would be smaller: the caller
 * then drops the output.
 */
export function deflateFixed(
  input: Uint8Array,
  inputStart: number,
  inputEnd: number,
  output: Uint8Array,
  outputAt: number,
): number {
  const length = inputEnd - inputStart;
  heads ??= new Int32Array(1 << HASH_BITS);
  if (epoch + length > MAX_EPOCH) {
    heads.fill(0);
    epoch = 1;
  }
  const table = heads;
  const first = epoch;
  const shift = first - inputStart;
  epoch += length;

  const outputLimit = outputAt + storedSize(length);
  const lastMatch = inputEnd - MIN_MATCH;
  let out = outputAt;
  let hold = 3; // final, fixed
  let bits = 3;
  let at = inputStart;
  let misses = 0;
  let next = at; // next position to search: the steps grow while nothing matches

  while (at < inputEnd) {
    let match = 0;
    let distance = 0;
    if (at >= next && at <= lastMatch) {
      const a = input[at] as number;
      const b = input[at + 1] as number;
      const c = input[at + 2] as number;
      const slot = Math.imul(a | b << 8 | c << 16, 0x9e3779b1) >>> HASH_SHIFT;
      const seen = table[slot] as number;
      table[slot] = at + shift;
      if (seen >= first) {
        const from = seen - shift;
        distance = at - from;
        if (
          distance <= WINDOW_BYTES && input[from] === a && input[from + 1] === b &&
          input[from + 2] === c
        ) {
          const max = Math.min(MAX_MATCH, inputEnd - at);
          match = MIN_MATCH;
          while (match < max && input[from + match] === input[at + match]) match++;
          if (match === MIN_MATCH && distance > MAX_SHORT_DISTANCE) match = 0;
        }
      }
    }

    if (match === 0) {
      if (at >= next) next = at + 1 + (misses++ >> 6);
      const literal = LITERALS[input[at++] as number] as number;
      hold |= literal >> 4 << bits;
      bits += literal & 15;
    } else {
      misses = 0;
      const code = LENGTHS[match] as number;
      hold |= code >> 4 << bits;
      bits += code & 15;
      if (bits >= 16) {
        output[out++] = hold;
        output[out++] = hold >>> 8;
        hold >>>= 16;
        bits -= 16;
      }
      const back = distance - 1;
      const extra = back < 4 ? 0 : 30 - Math.clz32(back);
      const symbol = back < 4 ? back : 2 * extra + (back >> extra);
      hold |= (DISTANCES[symbol] as number) << bits;
      bits += 5;
      if (bits >= 16) {
        output[out++] = hold;
        output[out++] = hold >>> 8;
        hold >>>= 16;
        bits -= 16;
      }
      hold |= (back & (1 << extra) - 1) << bits;
      bits += extra;

      // Index one more position of the match. Indexing all of them costs more than it saves.
      const end = at + match;
      if (end <= lastMatch) {
        const i = end - 1;
        const key = (input[i] as number) | (input[i + 1] as number) << 8 |
          (input[i + 2] as number) << 16;
        table[Math.imul(key, 0x9e3779b1) >>> HASH_SHIFT] = i + shift;
      }
      at = next = end;
    }
    if (bits >= 16) {
      output[out++] = hold;
      output[out++] = hold >>> 8;
      hold >>>= 16;
      bits -= 16;
      if (out > outputLimit) return -1;
    }
  }

  bits += 7; // end of block: seven zero bits
  for (; bits > 0; bits -= 8, hold >>>= 8) output[out++] = hold;
  return out > outputLimit ? -1 : out;
}
