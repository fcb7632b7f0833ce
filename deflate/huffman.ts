/**
 * Canonical Huffman codes, for reading.
 *
 * @module
 */

/** Longest code DEFLATE allows, in bits. */
const MAX_BITS = 15;

/** Codes up to this many bits are looked up; longer ones, which are rare, are counted out. */
const TABLE_BITS = 9;

/** Marks a symbol that means a length; a literal has no mark. */
export const IS_LENGTH: number = 1 << 24;
/** The end of a block. */
export const IS_END: number = 2 << 24;
/** Nothing: such a symbol is corrupt. */
export const IS_NONE: number = 3 << 24;

const [literals, distances] = meanings();

/**
 * What each literal or length symbol means: a literal, or the first value of a length, in the
 * bits from 8 on; the number of its extra bits in the 4 bits below; and one of the marks.
 */
export const LITERALS: Int32Array = literals;
/** The same of each distance symbol. */
export const DISTANCES: Int32Array = distances;

function meanings(): [literals: Int32Array, distances: Int32Array] {
  const literals = new Int32Array(288);
  const distances = new Int32Array(32).fill(IS_NONE);
  for (let i = 0; i < 256; i++) literals[i] = i << 8;
  literals[256] = IS_END;
  for (let i = 0, length = 3, distance = 1; i < 30; i++) {
    const far = i < 4 ? 0 : (i - 2) >> 1;
    distances[i] = distance << 8 | far << 4;
    distance += 1 << far;
    const extra = i < 8 ? 0 : (i - 4) >> 2;
    literals[257 + i] = IS_LENGTH | length << 8 | extra << 4;
    length += 1 << extra;
  }
  literals[285] = IS_LENGTH | 258 << 8;
  literals.fill(IS_NONE, 286);
  return [literals, distances];
}

/** One set of codes, built again and again in the same memory. */
export class Huffman {
  /** By the next bits: a symbol's meaning, with its code's length in the low 4 bits; 0: a longer code. */
  readonly table: Int32Array = new Int32Array(1 << TABLE_BITS);
  /** Which of the next bits index the table. */
  mask = 0;
  readonly #counts: Uint16Array = new Uint16Array(MAX_BITS + 1);
  readonly #offsets: Uint16Array = new Uint16Array(MAX_BITS + 2);
  readonly #symbols: Uint16Array;

  /** Of each symbol, without its low 4 bits. */
  readonly #meanings: Int32Array;

  /** Make room for symbols that mean something, in all bits but the low 4. */
  constructor(meanings: Int32Array) {
    this.#meanings = meanings;
    this.#symbols = new Uint16Array(meanings.length);
  }

  /**
   * Set the codes from `count` code lengths from `start` on.
   *
   * @param sparse Whether a set of one one-bit code, or of none, is valid, as in zlib for literals and
   * distances. Other incomplete sets and over-subscribed ones are always invalid.
   * @returns Whether the lengths are a valid set of codes.
   */
  build(lengths: Uint8Array, start: number, count: number, sparse: boolean): boolean {
    const counts = this.#counts.fill(0);
    for (let i = 0; i < count; i++) (counts[lengths[start + i] as number] as number)++;
    counts[0] = 0;
    let max = MAX_BITS;
    while (max > 0 && counts[max] === 0) max--;

    const offsets = this.#offsets;
    let left = 1;
    offsets[1] = 0;
    for (let bits = 1; bits <= MAX_BITS; bits++) {
      const these = counts[bits] as number;
      left = left * 2 - these;
      if (left < 0) return false;
      offsets[bits + 1] = (offsets[bits] as number) + these;
    }
    if (left > 0 && !(sparse && max <= 1)) return false;

    for (let i = 0; i < count; i++) {
      const bits = lengths[start + i] as number;
      if (bits !== 0) this.#symbols[(offsets[bits] as number)++] = i;
    }
    this.#fill(Math.min(max, TABLE_BITS), max > TABLE_BITS || left > 0);
    return true;
  }

  #fill(tableBits: number, gaps: boolean): void {
    const size = 1 << tableBits;
    const { table } = this;
    const symbols = this.#symbols;
    const meanings = this.#meanings;
    this.mask = size - 1;
    if (gaps) table.fill(0, 0, size);
    let reversed = 0; // the code, first bit lowest, as it is read
    for (let bits = 1, next = 0; bits <= tableBits; bits++) {
      for (let n = this.#counts[bits] as number; n > 0; n--) {
        const entry = (meanings[symbols[next++] as number] as number) | bits;
        for (let i = reversed; i < size; i += 1 << bits) table[i] = entry;
        // Add one to the code: carry from its last bit, which is the highest here.
        let bit = 1 << bits - 1;
        while (reversed & bit) {
          reversed ^= bit;
          bit >>= 1;
        }
        reversed |= bit;
      }
    }
  }

  /** The entry of a code that is not in the table; -1 if no code starts so. */
  findLong(hold: number): number {
    let code = 0;
    let first = 0;
    let index = 0;
    for (let bits = 1; bits <= MAX_BITS; bits++) {
      code |= hold >>> bits - 1 & 1;
      const count = this.#counts[bits] as number;
      if (code - first < count) {
        return (this.#meanings[this.#symbols[index + code - first] as number] as number) | bits;
      }
      index += count;
      first = first + count << 1;
      code <<= 1;
    }
    return -1;
  }
}

let fixed: readonly [Huffman, Huffman] | undefined;

/** The codes of blocks that bring none: RFC 1951, 3.2.6. */
export function fixedCodes(): readonly [literals: Huffman, distances: Huffman] {
  if (fixed !== undefined) return fixed;
  const lengths = new Uint8Array(288).fill(8).fill(9, 144, 256).fill(7, 256, 280);
  fixed = [new Huffman(LITERALS), new Huffman(DISTANCES)];
  fixed[0].build(lengths, 0, 288, false);
  fixed[1].build(lengths.fill(5), 0, 32, false);
  return fixed;
}
