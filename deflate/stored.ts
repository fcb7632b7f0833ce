/**
 * Stored DEFLATE blocks: valid raw DEFLATE for five bytes a block and no compressing.
 *
 * @module
 */
/** Bytes in front of a stored block's payload: 3 bits and padding, then LEN and NLEN. */
export const STORED_HEADER_BYTES = 5;

/** Bytes one stored block can hold. RFC 1951, 3.2.4: LEN is a `u16`. */
export const MAX_STORED_BYTES = 65_535;

/**
 * Write the header of a final stored block. Its payload stands behind it, now or later.
 *
 * | offset | bytes | field                                  |
 * | -----: | ----: | -------------------------------------- |
 * |      0 |     1 | `01`: final, stored                    |
 * |      1 |     2 | `u16` LEN, little-endian               |
 * |      3 |     2 | `u16` NLEN, LEN with every bit flipped |
 *
 * @param bytes Where to write.
 * @param at Position of the header; the payload starts {@linkcode STORED_HEADER_BYTES} further on.
 * @param length Payload bytes, at most {@linkcode MAX_STORED_BYTES}: not checked.
 */
export function writeStoredHeader(bytes: Uint8Array, at: number, length: number): void {
  bytes[at] = 1;
  bytes[at + 1] = length;
  bytes[at + 2] = length >>> 8;
  bytes[at + 3] = ~length;
  bytes[at + 4] = ~length >>> 8;
}

/** Bytes that {@linkcode deflateStored} writes for `length` bytes of input. */
export function storedSize(length: number): number {
  return length + STORED_HEADER_BYTES * Math.max(1, Math.ceil(length / MAX_STORED_BYTES));
}

/**
 * Deflate without compressing: as many stored blocks as needed, the last one final.
 *
 * @param input What to deflate.
 * @param output At least {@linkcode storedSize} bytes from `at` on; not the input's own memory.
 * @param at Where to start writing.
 * @returns The position after the last byte written.
 */
export function deflateStored(input: Uint8Array, output: Uint8Array, at = 0): number {
  let start = 0;
  while (input.length - start > MAX_STORED_BYTES) {
    writeStoredHeader(output, at, MAX_STORED_BYTES);
    output[at] = 0; // not the final block
    at += STORED_HEADER_BYTES;
    output.set(input.subarray(start, start + MAX_STORED_BYTES), at);
    at += MAX_STORED_BYTES;
    start += MAX_STORED_BYTES;
  }
  writeStoredHeader(output, at, input.length - start);
  at += STORED_HEADER_BYTES;
  output.set(start === 0 ? input : input.subarray(start), at);
  return at + input.length - start;
}

/**
 * Make stored blocks of what stands behind room for the first one's header, without another buffer: the rest of each
 * block moves by the headers before it.
 *
 * @param bytes {@linkcode STORED_HEADER_BYTES}, the input, and room up to {@linkcode storedSize} of its length.
 * @param length Bytes of the input.
 * @returns Where the stream ends, which begins at 0.
 */
export function storeInPlace(bytes: Uint8Array, length: number): number {
  const last = Math.max(0, Math.ceil(length / MAX_STORED_BYTES) - 1);
  for (let block = last; block > 0; block--) {
    const start = block * MAX_STORED_BYTES;
    const size = Math.min(MAX_STORED_BYTES, length - start);
    const from = STORED_HEADER_BYTES + start;
    const at = from + (block - 1) * STORED_HEADER_BYTES;
    bytes.copyWithin(at + STORED_HEADER_BYTES, from, from + size);
    writeStoredHeader(bytes, at, size);
    if (block < last) bytes[at] = 0; // not the final block
  }
  writeStoredHeader(bytes, 0, Math.min(length, MAX_STORED_BYTES));
  if (last > 0) bytes[0] = 0;
  return length + (last + 1) * STORED_HEADER_BYTES;
}

/**
 * Join the payloads of a stream of stored blocks alone, in place: they stand behind {@linkcode STORED_HEADER_BYTES}
 * then, and the stream is no more.
 *
 * @param bytes The whole stream.
 * @param maxBytes Most bytes they may have.
 * @returns How many bytes they have, or -1, with nothing changed, if the stream is anything else.
 */
export function joinStored(bytes: Uint8Array, maxBytes: number): number {
  let blocks = 1;
  for (let at = 0;; blocks++) {
    const head = bytes[at];
    const length = bytes[at + 1]! | bytes[at + 2]! << 8;
    const check = bytes[at + 3]! | bytes[at + 4]! << 8;
    at += STORED_HEADER_BYTES + length;
    if (head === undefined || (head & 6) !== 0 || (length ^ check) !== 0xffff) return -1;
    if (at > bytes.length || at - blocks * STORED_HEADER_BYTES > maxBytes) return -1;
    if ((head & 1) === 0) continue;
    if (at < bytes.length) return -1;
    break;
  }
  let joined = 0;
  for (let at = 0; blocks > 0; blocks--) {
    const length = bytes[at + 1]! | bytes[at + 2]! << 8;
    const from = at + STORED_HEADER_BYTES;
    at = from + length;
    // Also behind empty blocks.
    const to = STORED_HEADER_BYTES + joined;
    if (from > to) bytes.copyWithin(to, from, at);
    joined += length;
  }
  return joined;
}

/**
 * Payload bytes of the final stored block at position `at`, or -1 if there is none. The payload
 * starts {@linkcode STORED_HEADER_BYTES} further on. Any bytes may follow it.
 */
export function firstStoredLength(bytes: Uint8Array, at = 0): number {
  if (((bytes[at] as number) & 7) !== 1) return -1;
  const length = (bytes[at + 1] as number) | (bytes[at + 2] as number) << 8;
  const check = (bytes[at + 3] as number) | (bytes[at + 4] as number) << 8;
  const isWhole = at + STORED_HEADER_BYTES + length <= bytes.length;
  return (length ^ check) === 0xffff && isWhole ? length : -1;
}

/**
 * Payload bytes if a stream is exactly one final stored block, otherwise -1. The payload starts at
 * {@linkcode STORED_HEADER_BYTES}.
 */
export function soleStoredLength(bytes: Uint8Array): number {
  const length = bytes.length - STORED_HEADER_BYTES;
  if (length < 0 || length > 0xffff || ((bytes[0] as number) & 7) !== 1) return -1;
  const isSole = bytes[1] === (length & 255) && bytes[2] === length >> 8 &&
    bytes[3] === (~length & 255) && bytes[4] === (~length >> 8 & 255);
  return isSole ? length : -1;
}
