/**
 * {@linkcode Writer}: the buffer archives are written into.
 *
 * @module
 */

import { CodecError } from "./errors.ts";
import { formatPath } from "./reader.ts";

const INITIAL_BYTES = 256;
/** Up to so many bytes, a loop is faster than a call to `fill` or `set`. */
const MAX_LOOPED_BYTES = 32;
/** Views on fewer bytes than this are kept. */
const MAX_KEPT_VIEW_BYTES = 128;

/** How deep a value of a recursive type may nest by default; the same as what is decoded. */
const MAX_VALUE_DEPTH = 64;

/** Levels of recursive types under way in the search for what is wrong with a value. */
export const refusing: { depth: number; maxDepth: number } = {
  depth: 0,
  maxDepth: MAX_VALUE_DEPTH,
};

/** Why a value that nests deeper is not encoded. */
export function tooDeep(path: readonly (string | number)[], maxDepth: number): CodecError {
  const where = formatPath(path);
  return new CodecError(
    "TooDeep",
    `Cannot encode ${where === "" ? "the value" : where}: expected at most ${maxDepth} levels`,
    where,
  );
}

/**
 * A growable, reusable buffer.
 *
 * Positions are absolute in {@linkcode Writer.bytes}; alignment counts from {@linkcode Writer.base}, where the archive
 * under way begins. `stack` holds what rkyv calls resolvers (where a value's out-of-line parts went)
 * between the two phases of writing a value: `serialize` pushes, `resolve` takes from `cursor` on.
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
  /** Positions of out-of-line parts whose owners are not written yet. */
  readonly stack: number[] = [];
  /** Height of `stack`. */
  top = 0;
  /** The next entry of `stack` to be resolved. */
  cursor = 0;
  /** Values that were converted in the first phase, for the second; gone with the archive. */
  readonly converted: unknown[] = [];
  /** Levels of recursive types under way. */
  depth = 0;
  /** How many there may be. */
  maxDepth: number = MAX_VALUE_DEPTH;

  /** Views on the first bytes, by how many: a view costs more than a small message. */
  #heads: Uint8Array<ArrayBuffer>[] = [];

  /** Create with room for `capacity` bytes. */
  constructor(capacity: number = INITIAL_BYTES) {
    this.bytes = new Uint8Array(capacity);
    this.view = new DataView(this.bytes.buffer);
  }

  /** Make room for `count` more bytes. */
  ensure(count: number): void {
    const needed = this.position + count;
    if (needed <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(needed + (needed >> 3), this.bytes.length * 2));
    grown.set(this.bytes.subarray(0, this.position));
    this.bytes = grown;
    this.view = new DataView(grown.buffer);
    this.#heads = [];
  }

  /** A view on what is written. It is handed out again: for use until the next write. */
  written(): Uint8Array<ArrayBuffer> {
    const { position } = this;
    if (position >= MAX_KEPT_VIEW_BYTES) return this.bytes.subarray(0, position);
    return this.#heads[position] ??= this.bytes.subarray(0, position);
  }

  /** Write zero bytes up to a multiple of `align` from `base`. */
  pad(align: number): void {
    const count = (this.base - this.position) & (align - 1);
    if (count === 0) return;
    this.ensure(count);
    this.#zero(this.position + count);
  }

  #zero(end: number): void {
    const { bytes } = this;
    if (end - this.position > MAX_LOOPED_BYTES) bytes.fill(0, this.position, end);
    else for (let at = this.position; at < end; at++) bytes[at] = 0;
    this.position = end;
  }

  /** Write `size` zero bytes at a multiple of `align`, and return their position. */
  reserve(size: number, align: number): number {
    const padding = (this.base - this.position) & (align - 1);
    this.ensure(padding + size);
    const start = this.position + padding;
    this.#zero(start + size);
    return start;
  }

  /** Write a relative pointer: the distance from its own position to `target`. */
  setPointer(at: number, target: number): void {
    this.view.setInt32(at, target - at, true);
  }

  /** Write one byte at a position that is already reserved. */
  setU8(at: number, value: number): void {
    this.bytes[at] = value;
  }

  /** Write four bytes at a position that is already reserved. */
  setU32(at: number, value: number): void {
    this.view.setUint32(at, value, true);
  }

  /** Append bytes. */
  writeBytes(bytes: Uint8Array): void {
    const { length } = bytes;
    this.ensure(length);
    const { bytes: into, position } = this;
    if (length > MAX_LOOPED_BYTES) into.set(bytes, position);
    else for (let i = 0; i < length; i++) into[position + i] = bytes[i]!;
    this.position = position + length;
  }

  /** Go one level down a recursive type. */
  descend(): void {
    if (++this.depth > this.maxDepth) throw tooDeep([], this.maxDepth);
  }

  /** Come back up. */
  ascend(): void {
    this.depth--;
  }

  /** Push a resolver. */
  push(resolver: number): void {
    this.stack[this.top++] = resolver;
  }

  /** Keep what a conversion made until it is resolved; returns the resolver that leads to it. */
  keep(value: unknown): number {
    return this.converted.push(value) - 1;
  }

  /** Take the next resolver. */
  take(): number {
    return this.stack[this.cursor++]!;
  }
}
