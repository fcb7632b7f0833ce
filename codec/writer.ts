/**
 * {@linkcode Writer}: the buffer archives are written into.
 *
 * @module
 */
import { type CodecErrorCode, formatPath, refusal } from "./errors.ts";
import type { Layout } from "./layout.ts";
import type { Phases } from "./phases.ts";

const INITIAL_BYTES = 256;
/** Up to so many bytes, a loop is faster than a call to `fill` or `set`. */
const MAX_LOOPED_BYTES = 32;

/** How deep a value of a recursive type may nest by default; the same as what is decoded. */
const MAX_VALUE_DEPTH = 64;

/** What is known of an object before it begins. */
type Extent = Pick<Layout, "size" | "align" | "flat">;

/**
 * A growable, reusable buffer, and a scratch for objects under way.
 *
 * An object is filled in one pass: {@linkcode Writer.begin} gives it zeroed bytes, its parts go out of line
 * as they come, and {@linkcode Writer.end} puts it behind them. One that has no parts is filled where it
 * stays.
 *
 * Positions are absolute in {@linkcode Writer.bytes}; alignment counts from {@linkcode Writer.base}, where the
 * archive under way begins.
 */
export class Writer {
  /** The bytes; replaced when they grow. */
  bytes: Uint8Array<ArrayBuffer>;
  /** A view on the same bytes. */
  view: DataView<ArrayBuffer>;
  /** The next byte to write. */
  position = 0;
  /** Where the archive under way begins. */
  base = 0;
  /** What the object under way is filled in; replaced when an object begins or ends. */
  out!: Uint8Array<ArrayBuffer>;
  /** A view on {@linkcode Writer.out}. */
  outView!: DataView<ArrayBuffer>;
  /** Levels of recursive types under way. */
  depth = 0;
  /** The limits. */
  maxDepth: number = MAX_VALUE_DEPTH;
  /** Where in the value, up to {@linkcode Writer.steps}. */
  readonly path: unknown[] = [];
  /** How many steps of the path hold. */
  steps = 0;
  /** What generated code keeps from one phase to the next. */
  phases: Phases | undefined;
  /** What came, in words. */
  describe: (value: unknown) => string = briefly;

  #scratch!: Uint8Array<ArrayBuffer>;
  #scratchView!: DataView<ArrayBuffer>;
  /** Height of the scratch. */
  #top = 0;
  /** Pointers of objects on the scratch, three numbers each: where, from where it counts, its target. */
  readonly #pointers: number[] = [];
  /** How many numbers of those hold: what {@linkcode Writer.end} needs from before an object began. */
  mark = 0;

  /** Create with room for `capacity` bytes. */
  constructor(capacity: number = INITIAL_BYTES) {
    this.bytes = new Uint8Array(capacity);
    this.view = viewOf(this.bytes);
    this.#setScratch(INITIAL_BYTES);
  }

  #setScratch(capacity: number): void {
    this.#scratch = new Uint8Array(capacity);
    this.#scratchView = viewOf(this.#scratch);
    this.#toScratch();
  }

  #toScratch(): void {
    this.out = this.#scratch;
    this.outView = this.#scratchView;
  }

  /** Make room for `count` more bytes. */
  ensure(count: number): void {
    const { bytes, position } = this;
    const needed = position + count;
    if (needed <= bytes.length) return;
    this.bytes = new Uint8Array(Math.max(needed + (needed >> 3), bytes.length * 2));
    this.bytes.set(bytes.subarray(0, position));
    this.view = viewOf(this.bytes);
  }

  /** A view on what is written: for use until the next write. */
  written(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.position);
  }

  /** Write `size` zero bytes at a multiple of `align` from `base`, and return their position. */
  reserve(size: number, align: number): number {
    const { position } = this;
    const start = position + ((this.base - position) & (align - 1));
    const end = start + size;
    this.ensure(end - position);
    zero(this.bytes, position, end);
    this.position = end;
    return start;
  }

  /** Write a relative pointer to `target`, then a count, at a position that is already reserved. */
  setSlice(at: number, target: number, count: number): void {
    this.view.setInt32(at, target - at, true);
    this.view.setUint32(at + 4, count, true);
  }

  /** Append bytes. */
  writeBytes(bytes: Uint8Array): void {
    const { position } = this;
    this.ensure(bytes.length);
    copy(bytes, this.bytes, position, 0, bytes.length);
    this.position = position + bytes.length;
  }

  /** Begin objects side by side: zeroed bytes of {@linkcode Writer.out} at what this returns. */
  begin({ size, align, flat }: Extent, count = 1): number {
    const bytes = size * count;
    if (flat) {
      const start = this.reserve(bytes, align);
      this.out = this.bytes;
      this.outView = this.view;
      return start;
    }
    const at = this.#top;
    const top = this.#top = at + bytes;
    const scratch = this.#scratch;
    if (top > scratch.length) {
      this.#setScratch(top * 2);
      this.#scratch.set(scratch);
    }
    zero(this.#scratch, at, top);
    return at;
  }

  /** End what began last; returns where it stays. `mark` is from before it began. */
  end(at: number, { size, align, flat }: Extent, mark: number, count = 1): number {
    if (flat) {
      this.#toScratch();
      return at;
    }
    const start = this.reserve(size * count, align);
    this.put(at, size * count, start, mark, this.mark);
    this.release(at, mark);
    return start;
  }

  /** Nothing of the scratch is needed any more from `at` on, and no pointers from `mark` on. */
  release(at: number, mark: number): void {
    this.#top = at;
    this.mark = mark;
  }

  /** Put what is on the scratch at `at` into reserved bytes, with its pointers, and leave it there as well. */
  put(at: number, size: number, to: number, mark: number, end: number): void {
    const pointers = this.#pointers;
    for (let i = mark; i < end; i += 3) {
      const distance = pointers[i + 2]! - (pointers[i + 1]! - at + to);
      this.#scratchView.setInt32(pointers[i]!, distance, true);
    }
    copy(this.#scratch, this.bytes, to, at, size);
  }

  /** Write a relative pointer into the object under way; it counts from `origin`. */
  point(at: number, target: number, origin: number = at): void {
    const pointers = this.#pointers;
    const { mark } = this;
    pointers[mark] = at;
    pointers[mark + 1] = origin;
    pointers[mark + 2] = target;
    this.mark = mark + 3;
  }

  /** Write a relative pointer to `target`, then a count. */
  slice(at: number, target: number, count: number): void {
    this.point(at, target);
    this.outView.setUint32(at + 4, count, true);
  }

  /** Forget what is under way, after a value that could not be written; go on from a position. */
  abandon(position: number): void {
    this.position = position;
    this.depth = this.steps = 0;
    this.phases = undefined;
    this.release(0, 0);
    this.#setScratch(INITIAL_BYTES);
  }

  /** Say where and why a value cannot be written. */
  refuse(expected: string, value: unknown): never {
    this.fail("BadValue", `expected ${expected}, got ${this.describe(value)}`);
  }

  /** Refuse the value. */
  fail(code: CodecErrorCode, why: string): never {
    throw refusal(code, formatPath(this.path, this.steps), why);
  }
}

function viewOf({ buffer }: Uint8Array<ArrayBuffer>): DataView<ArrayBuffer> {
  return new DataView(buffer);
}

function zero(bytes: Uint8Array, from: number, to: number): void {
  if (to - from > MAX_LOOPED_BYTES) bytes.fill(0, from, to);
  else for (let at = from; at < to; at++) bytes[at] = 0;
}

/** Copy `count` bytes, which start at `at`, to `to`: all there are, if they are as many. */
export function copy(
  from: Uint8Array,
  into: Uint8Array,
  to: number,
  at: number,
  count: number,
): void {
  if (count > MAX_LOOPED_BYTES) {
    into.set(count < from.length ? from.subarray(at, at + count) : from, to);
  } else for (let i = 0; i < count; i++) into[to + i] = from[at + i]!;
}

/** How much of a value a message shows. */
const MAX_SHOWN = 40;

/** What a value is, in few words: all that a page has. */
export function briefly(value: unknown): string {
  const text = Object(value) === value ? Object.prototype.toString.call(value) : String(value);
  return `${typeof value} ${text.slice(0, MAX_SHOWN)}`;
}
