/**
 * {@linkcode Writer}: the buffer archives are written into.
 *
 * @module
 */
import { CodecError, type CodecErrorCode, formatPath } from "./errors.ts";
import type { AnySchema } from "./schema.ts";

const INITIAL_BYTES = 256;
/** Up to so many bytes, a loop is faster than a call to `fill` or `set`. */
const MAX_LOOPED_BYTES = 32;
/** Views on fewer bytes than this are kept. */
const MAX_KEPT_VIEW_BYTES = 128;
/** A scratch buffer larger than this is let go after use. */
const MAX_KEPT_SCRATCH_BYTES = 1_048_576;

/** How deep a value of a recursive type may nest by default; the same as what is decoded. */
const MAX_VALUE_DEPTH = 64;

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
  out: Uint8Array<ArrayBuffer>;
  /** A view on {@linkcode Writer.out}. */
  outView: DataView<ArrayBuffer>;
  /** Levels of recursive types under way. */
  depth = 0;
  /** How many there may be. */
  maxDepth: number = MAX_VALUE_DEPTH;
  /** For generated code: where out-of-line parts went whose owners are not written yet. */
  readonly stack: number[] = [];
  /** Height of `stack`. */
  top = 0;
  /** The next entry of `stack` to be used. */
  cursor = 0;
  /** For generated code: values that were converted in its first phase. */
  readonly converted: unknown[] = [];
  /** Where in the value, up to {@linkcode Writer.steps}. */
  readonly path: unknown[] = [];
  /** How many steps of the path hold. */
  steps = 0;

  #scratch: Uint8Array<ArrayBuffer>;
  #scratchView: DataView<ArrayBuffer>;
  /** Height of the scratch. */
  #top = 0;
  /** Pointers of objects on the scratch, three numbers each: where, from where it counts, its target. */
  readonly #pointers: number[] = [];
  #pointerCount = 0;
  readonly #stashes: { at: number; size: number; mark: number; end: number }[] = [];
  /** Views on the first bytes, by how many: a view costs more than a small message. */
  #heads: Uint8Array<ArrayBuffer>[] = [];

  /** Create with room for `capacity` bytes. */
  constructor(capacity: number = INITIAL_BYTES) {
    this.bytes = new Uint8Array(capacity);
    this.view = new DataView(this.bytes.buffer);
    this.out = this.#scratch = new Uint8Array(INITIAL_BYTES);
    this.outView = this.#scratchView = new DataView(this.#scratch.buffer);
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
    this.reserve(0, align);
  }

  /** Write `size` zero bytes at a multiple of `align`, and return their position. */
  reserve(size: number, align: number): number {
    const start = this.position + ((this.base - this.position) & (align - 1));
    const end = start + size;
    this.ensure(end - this.position);
    zero(this.bytes, this.position, end);
    this.position = end;
    return start;
  }

  /** Write a relative pointer, at a position that is already reserved: the distance to `target`. */
  setPointer(at: number, target: number): void {
    this.view.setInt32(at, target - at, true);
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

  /** Begin an object, or several side by side: zeroed bytes of {@linkcode Writer.out} at what this returns. */
  begin(size: number, align: number, flat: boolean): number {
    if (flat) {
      const start = this.reserve(size, align);
      this.out = this.bytes;
      this.outView = this.view;
      return start;
    }
    const at = this.#top;
    this.#top = at + size;
    if (this.#top > this.#scratch.length) this.#growScratch();
    zero(this.#scratch, at, this.#top);
    return at;
  }

  #growScratch(): void {
    const grown = new Uint8Array(this.#top * 2);
    grown.set(this.#scratch);
    this.out = this.#scratch = grown;
    this.outView = this.#scratchView = new DataView(grown.buffer);
  }

  /** How many pointers wait for their objects to end: what {@linkcode Writer.end} needs. */
  get mark(): number {
    return this.#pointerCount;
  }

  /** End the object that began last; returns where it stays. `mark` is from before it began. */
  end(at: number, size: number, align: number, flat: boolean, mark: number): number {
    if (flat) {
      this.out = this.#scratch;
      this.outView = this.#scratchView;
      return at;
    }
    const start = this.reserve(size, align);
    this.#patch(at, start, mark, this.#pointerCount);
    this.#pointerCount = mark;
    this.#top = at;
    if (size > MAX_LOOPED_BYTES) this.bytes.set(this.#scratch.subarray(at, at + size), start);
    else for (let i = 0; i < size; i++) this.bytes[start + i] = this.#scratch[at + i]!;
    return start;
  }

  /** Make the pointers of the scratch object at `at` right for where it goes. */
  #patch(at: number, to: number, mark: number, end: number): void {
    const pointers = this.#pointers;
    for (let i = mark; i < end; i += 3) {
      const distance = pointers[i + 2]! - (pointers[i + 1]! - at + to);
      this.#scratchView.setInt32(pointers[i]!, distance, true);
    }
  }

  /** Write a relative pointer into the object under way; it counts from `origin`. */
  point(at: number, target: number, origin: number = at): void {
    const count = this.#pointerCount;
    this.#pointers[count] = at;
    this.#pointers[count + 1] = origin;
    this.#pointers[count + 2] = target;
    this.#pointerCount = count + 3;
  }

  /** Write a relative pointer to `target`, then a count. */
  slice(at: number, target: number, count: number): void {
    this.point(at, target);
    this.outView.setUint32(at + 4, count, true);
  }

  /** For generated code: keep what a conversion made for the second phase; returns its place. */
  keep(value: unknown): number {
    return this.converted.push(value) - 1;
  }

  /** For generated code: write an object to the scratch, and leave it there; returns its place. */
  stash(schema: AnySchema, value: unknown): number {
    const mark = this.#pointerCount;
    const at = this.begin(schema.size, schema.align, false);
    schema.write(this, at, value);
    return this.#stashes.push({ at, size: schema.size, mark, end: this.#pointerCount }) - 1;
  }

  /** For generated code: put what was stashed where its owner has room for it. */
  unstash(place: number, to: number): void {
    const { at, size, mark, end } = this.#stashes[place]!;
    this.#patch(at, to, mark, end);
    this.bytes.set(this.#scratch.subarray(at, at + size), to);
  }

  /** For generated code: write an object that has no parts into zeroed bytes. */
  writeFlat(schema: AnySchema, at: number, value: unknown): void {
    this.out = this.bytes;
    this.outView = this.view;
    schema.write(this, at, value);
    this.out = this.#scratch;
    this.outView = this.#scratchView;
  }

  /** Go one level down a recursive type. */
  descend(): void {
    if (++this.depth > this.maxDepth) {
      this.fail("TooDeep", `expected at most ${this.maxDepth} levels`);
    }
  }

  /** Come back up. */
  ascend(): void {
    this.depth--;
  }

  /** For generated code: nothing is stashed or converted any more. */
  settle(): void {
    if (this.converted.length > 0) this.converted.length = 0;
    if (this.#stashes.length === 0) return;
    this.#stashes.length = this.#top = this.#pointerCount = 0;
  }

  /** Forget what is under way, after a value that could not be written. */
  abandon(position: number): void {
    this.settle();
    this.position = position;
    this.#top =
      this.#pointerCount =
      this.depth =
      this.steps =
      this.top =
      this.cursor =
        0;
    this.out = this.#scratch;
    this.outView = this.#scratchView;
  }

  /** Let go of a scratch that has become large. */
  trim(): void {
    if (this.#scratch.length <= MAX_KEPT_SCRATCH_BYTES) return;
    this.out = this.#scratch = new Uint8Array(INITIAL_BYTES);
    this.outView = this.#scratchView = new DataView(this.#scratch.buffer);
  }

  /** Say where and why a value cannot be written. */
  refuse(expected: string, value: unknown): never {
    this.fail("BadValue", `expected ${expected}, got ${describeValue(value)}`);
  }

  /** Refuse the value. */
  fail(code: CodecErrorCode, why: string): never {
    const where = formatPath(this.path, this.steps);
    throw new CodecError(code, `Cannot encode ${where || "the value"}: ${why}`, where);
  }
}

function zero(bytes: Uint8Array, from: number, to: number): void {
  if (to - from > MAX_LOOPED_BYTES) bytes.fill(0, from, to);
  else for (let at = from; at < to; at++) bytes[at] = 0;
}

const MAX_SHOWN = 40;

/** What a value is, for messages: `5`, `"text"`, `a Map`, `a Map of another realm`. */
export function describeValue(value: unknown): string {
  if (typeof value === "function") return "a function";
  if (typeof value === "object" && value !== null) {
    if (Array.isArray(value)) return `an array of ${value.length}`;
    const name = Object.getPrototypeOf(value)?.constructor?.name;
    if (typeof name !== "string" || name === "Object" || name === "") return "an object";
    const ours: unknown = Reflect.get(globalThis, name);
    const foreign = typeof ours === "function" && !(value instanceof ours);
    return `a ${name}${foreign ? " of another realm: copy it into one of this one" : ""}`;
  }
  const isString = typeof value === "string";
  const text = Object.is(value, -0) ? "-0" : String(value);
  const cut = text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
  return isString ? JSON.stringify(cut) : typeof value === "bigint" ? `${cut}n` : cut;
}
