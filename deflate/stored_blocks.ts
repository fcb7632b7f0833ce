/**
 * Whole messages as stored blocks, for pages: little code, and none shared with the inflater.
 *
 * @module
 */
import type { InflateErrorCode } from "./inflate.ts";

const HEADER_BYTES = 5;
const MAX_BLOCK_BYTES = 65_535;

/** A block's type, its length, and the complement of that, low byte first. */
type Header = readonly [head: number, a: number, b: number, c: number, d: number];

/** A stream of as many stored blocks as are needed, the last of them final. */
export function storeBlocks(input: Uint8Array): Uint8Array<ArrayBuffer> {
  const blocks = Math.ceil(input.length / MAX_BLOCK_BYTES) || 1;
  const output = new Uint8Array(input.length + HEADER_BYTES * blocks);
  let from = 0;
  for (let at = 0; at < output.length;) {
    const block = input.subarray(from, from += MAX_BLOCK_BYTES);
    const { length } = block;
    output.set([+(from >= input.length), length, length >> 8, ~length, ~length >> 8], at);
    output.set(block, at += HEADER_BYTES);
    at += length;
  }
  return output;
}

/**
 * Inflate one stream of stored blocks alone, as {@linkcode storeBlocks} writes them, in place: the stream is no more.
 *
 * @param bytes The whole stream.
 * @param maxBytes Most bytes the result may have.
 * @param isFirst Whether bytes may follow the stream.
 * @returns The payload, and where the stream ends; or what is wrong: `Corrupt` if a block is compressed, otherwise
 * the code that `inflate()` gives.
 */
export function readBlocks(
  bytes: Uint8Array,
  maxBytes: number,
  isFirst = false,
): [archive: Uint8Array, end: number, fault?: InflateErrorCode] {
  const { length } = bytes;
  let used = HEADER_BYTES;
  let at = 0;
  for (let isLast = 0; !isLast;) {
    // Of a header that is cut short the rest counts as 0.
    const [head, a, b, c, d] = bytes.subarray(at, at += HEADER_BYTES) as unknown as Header;
    const block = bytes.subarray(at, at += a | b << 8);
    isLast = head & 1;
    const fault = head & 6
      ? "Corrupt"
      : at > length
      ? "Truncated"
      : ((a ^ c) & (b ^ d)) !== 255
      ? "Corrupt"
      : used + block.length - HEADER_BYTES > maxBytes
      ? "TooBig"
      : isLast && at < length && !isFirst && "TrailingBytes";
    if (fault) return [block, at, fault];
    bytes.copyWithin(used, at - block.length, at);
    used += block.length;
  }
  return [bytes.subarray(HEADER_BYTES, used), at];
}
