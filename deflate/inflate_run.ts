/**
 * {@linkcode inflateRun}: the hot loop of inflating, away from the ends of the stream and of the output.
 *
 * @module
 */
import { type Huffman, IS_END, IS_LENGTH, IS_NONE } from "./huffman.ts";
import { corrupt } from "./inflate_error.ts";

/** Bytes of input that a literal or match may read: three words, up to three bytes apart. */
export const RUN_INPUT_BYTES = 10;
/** Bytes of output that one may write: the longest match, and the rest of its last words. */
export const RUN_OUTPUT_BYTES: number = 258 + 16;

/** Where reading a stream stands. */
export interface Run {
  /** Position of the next byte to read. */
  at: number;
  /** The bits read before, the next one lowest. Those above {@linkcode Run.bits} are 0, or as they come. */
  hold: number;
  /** How many bits that are. */
  bits: number;
  /** Bytes of output. */
  used: number;
}

/**
 * Inflate symbols of a block, until less than {@linkcode RUN_INPUT_BYTES} of input or {@linkcode RUN_OUTPUT_BYTES} of
 * room are left. So it needs to check neither, and copies words.
 *
 * @param run Where to begin; then where to go on.
 * @returns Whether the block has ended.
 */
export function inflateRun(
  run: Run,
  source: Uint8Array,
  target: Uint8Array,
  room: number,
  [literals, distances]: readonly [Huffman, Huffman],
): boolean {
  const from = new DataView(source.buffer, source.byteOffset, source.length);
  const into = new DataView(target.buffer, target.byteOffset, target.length);
  const { table, mask } = literals;
  const { table: farTable, mask: farMask } = distances;
  const lastAt = source.length - RUN_INPUT_BYTES;
  const lastOut = room - RUN_OUTPUT_BYTES;
  let { at, hold, bits, used: out } = run;
  let isEnd = false;

  while (at <= lastAt && out <= lastOut) {
    hold |= from.getInt32(at, true) << bits;
    at += 31 - bits >> 3;
    bits |= 24;
    let entry = table[hold & mask] as number;
    if (entry === 0 && (entry = literals.findLong(hold)) < 0) throw corrupt("an unused code");
    hold >>>= entry & 15;
    bits -= entry & 15;
    if (entry < IS_LENGTH) {
      target[out++] = entry >> 8;
      // There are bits for another that is in the table.
      entry = table[hold & mask] as number;
      if (entry === 0) continue;
      hold >>>= entry & 15;
      bits -= entry & 15;
      if (entry < IS_LENGTH) {
        target[out++] = entry >> 8;
        continue;
      }
    }
    if (entry >= IS_END) {
      if (entry >= IS_NONE) throw corrupt("a length that does not exist");
      isEnd = true;
      break;
    }

    hold |= from.getInt32(at, true) << bits;
    at += 31 - bits >> 3;
    bits |= 24;
    const lengthExtra = entry >> 4 & 15;
    const length = (entry >> 8 & 0xffff) + (hold & (1 << lengthExtra) - 1);
    hold >>>= lengthExtra;
    bits -= lengthExtra;
    let far = farTable[hold & farMask] as number;
    if (far === 0 && (far = distances.findLong(hold)) < 0) throw corrupt("an unused code");
    hold >>>= far & 15;
    bits -= far & 15;
    const farExtra = far >> 4 & 15;
    if (bits < farExtra) {
      hold |= from.getInt32(at, true) << bits;
      at += 31 - bits >> 3;
      bits |= 24;
    }
    let distance = (far >> 8) + (hold & (1 << farExtra) - 1);
    hold >>>= farExtra;
    bits -= farExtra;
    if (far >= IS_NONE) throw corrupt("a distance that does not exist");
    if (distance > out) throw corrupt("a distance before the start");

    const stop = out + length;
    // Twice as far back stands the same, so that words can be copied.
    for (; distance < 4; distance *= 2) {
      for (const once = out + distance; out < once; out++) {
        target[out] = target[out - distance] as number;
      }
    }
    // Most are this short: no loop whose end has to be guessed.
    into.setInt32(out, into.getInt32(out - distance, true), true);
    into.setInt32(out + 4, into.getInt32(out + 4 - distance, true), true);
    into.setInt32(out + 8, into.getInt32(out + 8 - distance, true), true);
    for (out += 12; out < stop; out += 4) {
      into.setInt32(out, into.getInt32(out - distance, true), true);
    }
    out = stop;
  }
  run.at = at - (bits >> 3);
  run.bits = bits & 7;
  run.hold = hold & (1 << run.bits) - 1;
  run.used = out;
  return isEnd;
}
