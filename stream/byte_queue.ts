/**
 * {@linkcode byteQueue}: pieces of bytes, first in, first out.
 *
 * @module
 */

/** Bytes that are kept for what may come, when there is nothing in it. */
const SPARE_BYTES = 32_768;
/** Places of pieces that are gone, from which on they are tidied away. */
const MANY_GONE = 1024;
/** Pieces of up to this many bytes are copied byte by byte: a view costs more. */
const MAX_LOOPED_BYTES = 96;
const NO_BYTES: Uint8Array = /* @__PURE__ */ new Uint8Array();

/** Keeps copies of pieces in one buffer, which grows and shrinks: a buffer each would be larger than a small piece. */
export interface ByteQueue {
  /** How many pieces there are. */
  readonly length: number;
  /** Bytes of all of them. */
  readonly size: number;
  /** What holds them. */
  readonly bytes: Uint8Array;
  /** Where in it the first begins. */
  readonly start: number;
  /** Copy `[start, end)` of some bytes to the end. */
  push(bytes: Uint8Array, start: number, end: number): void;
  /** Take the first piece away; its bytes hold until the next {@linkcode ByteQueue.push}. Returns its length. */
  shift(): number;
  /** Take all away. */
  clear(): void;
}

/** Make one with nothing in it. */
export function byteQueue(): ByteQueue {
  let lengths: number[] = [];
  /** Where in them the first piece is. */
  let at = 0;
  let bytes = NO_BYTES;
  let start = 0;
  let end = 0;
  const clear = (): void => {
    start =
      end =
      at =
      lengths.length =
        0;
    if (bytes.length > SPARE_BYTES) bytes = NO_BYTES;
  };
  return {
    get length() {
      return lengths.length - at;
    },
    get size() {
      return end - start;
    },
    get bytes() {
      return bytes;
    },
    get start() {
      return start;
    },
    push(from, first, last) {
      const length = last - first;
      const size = end - start;
      if (end + length > bytes.length) {
        // Moving costs what is there: so only where as much has been read.
        const fits = size + length <= bytes.length && size <= start;
        const into = fits ? bytes : new Uint8Array(Math.max(size + length, 2 * size, 256));
        into.set(bytes.subarray(start, end));
        bytes = into;
        start = 0;
        end = size;
      }
      if (length > MAX_LOOPED_BYTES) bytes.set(from.subarray(first, last), end);
      else for (let i = 0; i < length; i++) bytes[end + i] = from[first + i]!;
      end += length;
      lengths.push(length);
    },
    shift() {
      const length = lengths[at++]!;
      start += length;
      if (at === lengths.length) clear();
      else if (at >= MANY_GONE && 2 * at > lengths.length) {
        lengths = lengths.slice(at);
        at = 0;
      }
      return length;
    },
    clear,
  };
}
