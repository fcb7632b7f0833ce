/**
 * {@linkcode Reader}: an archive, its unclaimed range, and the limits.
 *
 * @module
 */
import type { ReadUtf8 } from "./utf8.ts";
import { type CodecErrorCode, refusal, type Words } from "./errors.ts";

/** The limits for decoding. */
export interface DecodeLimits {
  /** Most nested levels of recursive types. */
  readonly maxDepth: number;
  /**
   * Estimated bytes of memory for the values decoded from one archive, in addition to its own bytes: an element counts
   * its object, not its bytes in the archive.
   */
  readonly maxDecodedBytes: number;
}

/** Depth 64, 8 MiB of memory. */
export const DEFAULT_DECODE_LIMITS: DecodeLimits = { maxDepth: 64, maxDecodedBytes: 8 << 20 };

/**
 * Reads archives, by rkyv's rule of ownership: pointees must lie in ascending,
 * disjoint places before their owners, which bounds the cost of reading by the size of the archive.
 *
 * `low` and `high` bound the bytes that the next pointer may claim.
 *
 * Rust: `rkyv/src/validation/validators/archive.rs`, rkyv 0.7.46.
 */
export class Reader {
  /** The bytes that hold the archive. */
  bytes: Uint8Array = new Uint8Array(0);
  /** A view on the same bytes, if there is one: see {@linkcode viewOf}. */
  view: DataView | undefined;
  /** Where the archive begins: alignment counts from here. */
  declare start: number;
  /** Where the archive ends. */
  declare end: number;
  /** The first byte that is still unclaimed. */
  declare low: number;
  /** The end of the range that the current value may claim. */
  declare high: number;
  /** Levels of recursion left. */
  declare depth: number;
  /** Memory budget of each archive, in bytes: `maxDecodedBytes`, or less if less is available. */
  declare budget: number;
  /** Bytes of memory left of those, by each schema's footprint. Below 0 once there were too few. */
  declare memory: number;
  /** The path in the value, up to {@linkcode Reader.steps}. */
  readonly path: unknown[] = [];
  /** Number of valid steps of the path. */
  declare steps: number;
  /** Whether a default is being read: see `zeroOf()`. */
  isDefault = false;
  /** A faster reader of strings than that of pages, if any. */
  utf8: ReadUtf8 | undefined;
  /** Whether conversions run: not if an archive is only checked. */
  converts = true;
  /** Explains the errors of an archive; absent in pages. */
  words: Words | undefined;
  /** The budgets. */
  declare readonly limits: DecodeLimits;

  /** Create with budgets. */
  constructor(limits: DecodeLimits = DEFAULT_DECODE_LIMITS) {
    this.limits = limits;
    this.budget = limits.maxDecodedBytes;
    this.open(0, 0);
  }

  /** Take the bytes that hold the next archives. */
  reset(bytes: Uint8Array): void {
    if (bytes === this.bytes) return;
    this.bytes = bytes;
    this.view = undefined;
  }

  /** The `i32` at a position; from bytes, because a view costs more than a few of these. */
  i32(at: number): number {
    const { bytes } = this;
    return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
  }

  /**
   * The `u32` at a position. Of what may well be above `i32`, {@linkcode Reader.i32} is read: from then on JavaScriptCore
   * has all results here as floats, and so all positions, with which generated code takes ten times as long.
   */
  u32(at: number): number {
    return this.i32(at) >>> 0;
  }

  /** Begin the archive at `[start, end)` of the bytes. */
  open(start: number, end: number): void {
    this.start = this.low = start;
    this.end = this.high = end;
    this.depth = this.limits.maxDepth;
    this.memory = this.budget;
    this.steps = 0;
  }

  /** Go to the root, of this size and alignment: the last bytes of the archive. */
  root(size: number, align: number): number {
    return this.high = this.claim(this.end, 0 - size, size, align);
  }

  /**
   * Claim the pointee of a relative pointer.
   *
   * @param base Where the pointer counts from.
   * @param offset Its value.
   * @param size Bytes it leads to.
   * @param align Alignment they must have.
   * @returns Their position.
   */
  claim(base: number, offset: number, size: number, align: number): number {
    const target = base + offset;
    const { start, end, low, high } = this;
    const fault = target < start || target > end
      ? "OutOfBounds"
      : ((target - start) & (align - 1)) !== 0
      ? "Unaligned"
      : end - target < size
      ? "Overrun"
      : target < low || target > high || (size > 0 && target === high)
      ? "SubtreePointerOutOfBounds"
      : high - target < size
      ? "SubtreePointerOverrun"
      : undefined;
    return fault ? this.fail(fault, base, size, align) : target;
  }

  /**
   * Claim the pointee of the pointer at `at` and enter it: its parts lie before it. See {@linkcode leave}.
   */
  enter(at: number, size: number, align: number): number {
    return this.high = this.claim(at, this.i32(at), size, align);
  }

  /** Claim bytes by the pointer at `at` and the count behind it; returns their start. They end at `low`. */
  claimBytes(at: number, count: number = this.u32(at + 4), align: number = 1): number {
    const start = this.claim(at, this.i32(at), count, align);
    this.low = start + count;
    return start;
  }

  /** Bytes of memory counted in this archive. */
  get spent(): number {
    return this.budget - this.memory;
  }

  /** Reject the archive because of a position; `about` are the details. */
  fail(code: CodecErrorCode, at: number, ...about: readonly unknown[]): never {
    const offset = at - this.start;
    const got = this.bytes.subarray(at, at + 4);
    const why = this.words?.ofArchive(this, code, at, about) ??
      `${code} at byte ${offset}, got ${got}`;
    throw refusal(this, code, why, offset);
  }
}

/** Leave an entered pointee of `size` bytes; `high` is the value from before. */
export function leave(reader: Reader, start: number, size: number, high: number): void {
  reader.low = start + size;
  reader.high = high;
}

/** A view on a reader's bytes; made when it is first needed, which for small archives is never. */
export function viewOf(reader: Reader): DataView {
  const { bytes } = reader;
  return reader.view ??= new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Set the memory budget of later archives, at most the reader's limit. */
export function grant(reader: Reader, bytes: number = reader.limits.maxDecodedBytes): void {
  reader.budget = reader.memory = Math.max(0, Math.min(bytes, reader.limits.maxDecodedBytes));
}
