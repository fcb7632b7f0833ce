/**
 * {@linkcode byteQueue}: a FIFO queue of byte strings.
 *
 * @module
 */

/** Bytes of buffer kept while the queue is empty. */
const SPARE_BYTES = 32_768;
/** The bytes of a larger one that is kept for whichever queue needs it next: one of all queues. */
const MAX_SPARE_BYTES = 1_048_576;
/** Numbers of removed runs, three of each, after which the index is compacted. */
const MANY_GONE = 1024;
/** Pieces of up to this many bytes are copied byte by byte: a view costs more. */
const MAX_LOOPED_BYTES = 96;
/** Messages of fewer bytes may come in the same array again. */
const MIN_SOURCE_BYTES = 128;
/** In place of the bytes before a piece: there is no piece, but an array. */
const OWN = -1;
const NO_BYTES: Uint8Array = /* @__PURE__ */ new Uint8Array();

/** That one: large items would take a new one each. */
let spare = NO_BYTES;

/**
 * Copies entries into one buffer that grows and shrinks: separate buffers would be larger than small entries. Of a
 * message that has many, as much as was used of it is copied ahead: a copy for each takes longer.
 */
export interface ByteQueue {
  /** Number of entries. */
  readonly length: number;
  /** Bytes of all of them. */
  readonly size: number;
  /** Whether the first entry is an array of its own. */
  readonly isOwn: boolean;
  /** The bytes that hold the first entry. */
  readonly bytes: Uint8Array;
  /** Start of the first entry in it. */
  readonly start: number;
  /** Copy `[start, end)` of some bytes to the end. The bytes must not change until the next microtask. */
  push(bytes: Uint8Array, start: number, end: number): void;
  /** Add an array to the end as it is. */
  add(own: Uint8Array): void;
  /** Remove the first entry; its bytes are valid until the next {@linkcode ByteQueue.push}. Returns its length. */
  shift(): number;
  /** Remove all entries. */
  clear(): void;
}

/** Create an empty queue. */
export function byteQueue(): ByteQueue {
  /** Of runs of pieces: how many bytes lie before each, how many each has, and how many pieces there are. */
  let runs: number[] = [];
  /** Entries that are arrays of their own, for which the first of those two is {@linkcode OWN}. */
  let owned: Uint8Array[] | undefined;
  /** Where in them the first run is that has pieces. */
  let at = 0;
  let count = 0;
  let bytes = NO_BYTES;
  let start = 0;
  let end = 0;
  let size = 0;
  /** Where the last piece ends. */
  let lastEnd = 0;
  let wasLarge = false;
  /** The message whose part the last piece is: where it lies here, as far as it was copied, and how much was used. */
  let source = NO_BYTES;
  let offset = 0;
  let copied = 0;
  let used = 0;
  const clear = (): void => {
    start =
      end =
      size =
      lastEnd =
      at =
      count =
      runs.length =
        0;
    source = NO_BYTES;
    owned = undefined;
    if (bytes.length <= SPARE_BYTES) return;
    if (bytes.length > spare.length && bytes.length <= MAX_SPARE_BYTES) spare = bytes;
    bytes = NO_BYTES;
    wasLarge = true;
  };
  const forget = (): void => {
    source = NO_BYTES;
  };
  const larger = (needed: number): Uint8Array => {
    if (!wasLarge || needed > spare.length) {
      return new Uint8Array(Math.max(needed, 2 * (end - start), 256));
    }
    const taken = spare;
    spare = NO_BYTES;
    return taken;
  };
  /** Copy `[first, last)` to the end. */
  const append = (from: Uint8Array, first: number, last: number): void => {
    const length = last - first;
    const held = end - start;
    if (end + length > bytes.length) {
      // Moving costs as much as the rest, so only after as much was read.
      const fits = held + length <= bytes.length && held <= start;
      const into = fits ? bytes : larger(held + length);
      into.set(bytes.subarray(start, end));
      bytes = into;
      lastEnd -= start;
      start = 0;
      end = held;
    }
    if (length > MAX_LOOPED_BYTES) bytes.set(from.subarray(first, last), end);
    else for (let i = 0; i < length; i++) bytes[end + i] = from[first + i]!;
    offset = end - first;
    end += length;
  };
  /** Add a piece: most are like the one before. */
  const add = (before: number, length: number): void => {
    const last = runs.length - 3;
    count++;
    if (last >= at && runs[last] === before && runs[last + 1] === length) runs[last + 2]!++;
    else runs.push(before, length, 1);
  };
  return {
    get length() {
      return count;
    },
    get size() {
      return size;
    },
    get isOwn() {
      return runs[at] === OWN;
    },
    get bytes() {
      return runs[at] === OWN ? owned![0]! : bytes;
    },
    get start() {
      return runs[at] === OWN ? 0 : start + runs[at]!;
    },
    push(from, first, last) {
      const isNext = from === source && first + offset >= lastEnd;
      if (!isNext) {
        used = 0;
        source = from.length < MIN_SOURCE_BYTES ? NO_BYTES : from;
        // Its bytes are valid no longer.
        if (source !== NO_BYTES) queueMicrotask(forget);
      }
      if (!isNext || last > copied) {
        copied = Math.min(last + used, from.length);
        append(from, first, copied);
      }
      const length = last - first;
      used += length;
      size += length;
      add(first + offset - lastEnd, length);
      lastEnd = last + offset;
    },
    add(own) {
      const { length } = own;
      size += length;
      add(OWN, length);
      (owned ??= []).push(own);
    },
    shift() {
      const length = runs[at + 1]!;
      if (runs[at] === OWN) owned!.shift();
      else start += runs[at]! + length;
      size -= length;
      if (--count === 0) clear();
      else if (--runs[at + 2]! === 0) {
        at += 3;
        if (at >= MANY_GONE && 2 * at > runs.length) {
          runs = runs.slice(at);
          at = 0;
        }
      }
      return length;
    },
    clear,
  };
}
