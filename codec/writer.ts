/**
 * {@linkcode Writer}: the buffer for writing archives.
 *
 * @module
 */
import { refusal, type Words } from "./errors.ts";
import type { Phases } from "./phases.ts";
import type { AnySchema } from "./schema.ts";
import { signature } from "./signature.ts";

/**
 * A growable, reusable buffer, and a scratch for pending objects.
 *
 * An object is filled in one pass: {@linkcode Writer.begin} gives it zeroed bytes of the scratch, its parts go out
 * of line as they come, and {@linkcode Writer.end} puts it behind them.
 *
 * Positions are absolute in {@linkcode Writer.bytes}; alignment counts from {@linkcode Writer.base}, the start of the
 * current archive.
 */
export class Writer {
  /** The bytes; replaced when they grow. */
  declare bytes: Uint8Array<ArrayBuffer>;
  /** A view on the same bytes. */
  declare view: DataView<ArrayBuffer>;
  /** The next byte to write. */
  position = 0;
  /** Start of the current archive. */
  base = 0;
  /** The scratch, which objects are filled in; replaced when it grows. */
  declare out: Uint8Array<ArrayBuffer>;
  /** A view on {@linkcode Writer.out}. */
  declare outView: DataView<ArrayBuffer>;
  /** Height of the scratch. */
  top = 0;
  /** Where pointers are in objects on the scratch, which count from there until they are moved. */
  readonly pointers: number[] = [];
  /** How many of those hold. */
  mark = 0;
  /** Current nesting level of recursive types. */
  depth = 0;
  /** The nesting limit of recursive types; by default the same as for decoding. */
  maxDepth = 64;
  /** The path in the value, up to {@linkcode Writer.steps}. */
  readonly path: unknown[] = [];
  /** Number of valid steps of the path. */
  steps = 0;
  /** The data that generated code keeps between phases. */
  phases: Phases | undefined;
  /** Explains the errors of a value; absent in pages. */
  words: Words | undefined;

  /** Create with room for `capacity` bytes. */
  constructor(capacity = 256) {
    this.setBytes(new Uint8Array(capacity));
    this.setScratch();
  }

  /** Write into other bytes. */
  setBytes(bytes: Uint8Array<ArrayBuffer>): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Take other bytes for the scratch. */
  setScratch(bytes: Uint8Array<ArrayBuffer> = new Uint8Array(256)): void {
    this.out = bytes;
    this.outView = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** Make room for `count` more bytes. */
  ensure(count: number): void {
    const needed = this.position + count;
    if (needed > this.bytes.length) this.setBytes(grown(this.bytes, needed));
  }

  /** A view of the written bytes, valid until the next write. */
  written(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.position);
  }

  /** Write `size` zero bytes at a multiple of `align` from `base`, and return their position. */
  reserve(size: number, align: number): number {
    const { position } = this;
    const padding = (this.base - position) & (align - 1);
    this.ensure(padding + size);
    zero(this.bytes, position, this.position += padding + size);
    return position + padding;
  }

  /** Append bytes. */
  writeBytes(bytes: Uint8Array): void {
    const { length } = bytes;
    this.ensure(length);
    copy(bytes, this.bytes, this.position, 0, length);
    this.position += length;
  }

  /** Begin one or several adjacent objects: zeroed bytes of {@linkcode Writer.out} at the returned position. */
  begin(size: number): number {
    const at = this.top;
    const top = this.top = at + size;
    if (top > this.out.length) this.setScratch(grown(this.out, top));
    zero(this.out, at, top);
    return at;
  }

  /** End the last begun objects, at `at` of the scratch; returns their final position. */
  end(at: number, align: number): number {
    const { out, outView, pointers } = this;
    const size = this.top - at;
    const start = this.reserve(size, align);
    let { mark } = this;
    while (mark > 0 && pointers[mark - 1]! >= at) {
      const field = pointers[--mark]!;
      outView.setInt32(field, outView.getInt32(field, true) + at - start, true);
    }
    copy(out, this.bytes, start, at, size);
    this.mark = mark;
    this.top = at;
    return start;
  }

  /** Write a relative pointer, from `origin`, into the current object. */
  point(at: number, target: number, origin: number = at): void {
    this.outView.setInt32(at, target - origin, true);
    this.pointers[this.mark++] = at;
  }

  /** Write a relative pointer to `target`, then a count. */
  slice(at: number, target: number, count: number): void {
    this.point(at, target);
    this.outView.setInt32(at + 4, count, true);
  }

  /** Create the error of an invalid value: its path, what was expected and what was found. */
  refuse(expected: AnySchema | string, value: unknown): never {
    throw refusal(
      this,
      "BadValue",
      this.words?.ofValue(expected, value, this.path[this.steps - 1]) ??
        `expected ${typeof expected === "string" ? expected : signature(expected)}, got ${
          briefly(value)
        }`,
    );
  }
}

/**
 * Bytes of memory before a large buffer, so that what is copied into it first, behind a few bytes, comes to lie more
 * than 15 bytes from where a page of memory begins: see `runtime/websocket/buffers.ts`.
 */
const LEAD_BYTES = 59;
const MIN_LED_BYTES = 16_384;

/** The same bytes with room for as many as are needed, and more. */
function grown(bytes: Uint8Array, needed: number): Uint8Array<ArrayBuffer> {
  const size = Math.max(needed + (needed >> 3), bytes.length * 2);
  const larger = size < MIN_LED_BYTES
    ? new Uint8Array(size)
    : new Uint8Array(new ArrayBuffer(LEAD_BYTES + size), LEAD_BYTES);
  larger.set(bytes);
  return larger;
}

// Up to this many bytes, a loop is faster than `fill` or `set`. In each function: so a bundler inlines it.

function zero(bytes: Uint8Array, from: number, to: number): void {
  const MAX_LOOPED_BYTES = 64;
  if (to - from > MAX_LOOPED_BYTES) bytes.fill(0, from, to);
  else for (let at = from; at < to; at++) bytes[at] = 0;
}

/** Copy `count` bytes from `at` to `to`. */
export function copy(
  from: Uint8Array,
  into: Uint8Array,
  to: number,
  at: number,
  count: number,
): void {
  const MAX_LOOPED_BYTES = 64;
  if (count > MAX_LOOPED_BYTES) {
    into.set(count < from.length ? from.subarray(at, at + count) : from, to);
  } else for (let i = 0; i < count; i++) into[to + i] = from[at + i]!;
}

/** Describe a value briefly; pages have only this. */
export function briefly(value: unknown): string {
  /** Most characters of a value in a message. */
  const MAX_SHOWN = 40;
  const text = Object(value) === value ? ({}).toString.call(value) : String(value);
  return `${typeof value} ${text.slice(0, MAX_SHOWN)}`;
}
