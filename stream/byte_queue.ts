/**
 * {@linkcode byteQueue}: a FIFO queue of byte strings.
 *
 * @module
 */

/** Bytes of buffer kept while the queue is empty. */
const SPARE_BYTES = 32_768;
/** The bytes of a larger one that is kept for whichever queue needs it next: one of all queues. */
const MAX_SPARE_BYTES = 1_048_576;
/** Removed entries after which the index is compacted. */
const MANY_GONE = 1024;
/** Pieces of up to this many bytes are copied byte by byte: a view costs more. */
const MAX_LOOPED_BYTES = 96;
const NO_BYTES: Uint8Array = /* @__PURE__ */ new Uint8Array();

/** That one: large items would take a new one each. */
let spare = NO_BYTES;

/** Copies entries into one buffer that grows and shrinks: separate buffers would be larger than small entries. */
export interface ByteQueue {
  /** Number of entries. */
  readonly length: number;
  /** Bytes of all of them. */
  readonly size: number;
  /** The buffer. */
  readonly bytes: Uint8Array;
  /** Start of the first entry in it. */
  readonly start: number;
  /** Copy `[start, end)` of some bytes to the end. */
  push(bytes: Uint8Array, start: number, end: number): void;
  /** Remove the first entry; its bytes are valid until the next {@linkcode ByteQueue.push}. Returns its length. */
  shift(): number;
  /** Remove all entries. */
  clear(): void;
}

/** Create an empty queue. */
export function byteQueue(): ByteQueue {
  let lengths: number[] = [];
  /** Where in them the first piece is. */
  let at = 0;
  let bytes = NO_BYTES;
  let start = 0;
  let end = 0;
  let wasLarge = false;
  const clear = (): void => {
    start =
      end =
      at =
      lengths.length =
        0;
    if (bytes.length <= SPARE_BYTES) return;
    if (bytes.length > spare.length && bytes.length <= MAX_SPARE_BYTES) spare = bytes;
    bytes = NO_BYTES;
    wasLarge = true;
  };
  const larger = (needed: number): Uint8Array => {
    if (!wasLarge || needed > spare.length) {
      return new Uint8Array(Math.max(needed, 2 * (end - start), 256));
    }
    const taken = spare;
    spare = NO_BYTES;
    return taken;
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
        // Moving costs as much as the rest, so only after as much was read.
        const fits = size + length <= bytes.length && size <= start;
        const into = fits ? bytes : larger(size + length);
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
