/**
 * {@linkcode option}.
 *
 * @module
 */
import { type EnumLayout, enumLayout, type Niche } from "./layout.ts";
import { BAD_VALUE } from "./primitives.ts";
import type { Reader } from "./reader.ts";
import { asRecord, type Path, refuse, Schema } from "./schema.ts";
import type { SeaHasher } from "./sea_hash.ts";
import type { Writer } from "./writer.ts";

/** `T | null`; where `null` or `undefined` is itself a `T`, `{ some: T } | null`, which can tell the two apart. */
export type Optional<T> = [null] extends [T] ? { some: T } | null
  : [undefined] extends [T] ? { some: T } | null
  : T | null;

/** A schema of {@linkcode option}. */
export class Option extends Schema<unknown> {
  readonly kind = "option";
  /** How the value is archived, when there is one. */
  readonly some: Schema<unknown>;
  #layout: EnumLayout | undefined;
  #wrapped: boolean | undefined;

  /** See {@linkcode option}. */
  constructor(some: Schema<unknown>) {
    super();
    this.some = some;
  }

  /** Whether Some is `{ some }`. */
  get wrapped(): boolean {
    return this.#wrapped ??= this.some.nullable;
  }

  /** Where the parts are. */
  get layout(): EnumLayout {
    return this.#layout ??= enumLayout([[], [this.some]]);
  }

  get size(): number {
    return this.layout.size;
  }

  get align(): number {
    return this.layout.align;
  }

  get niche(): Niche | undefined {
    return this.layout.niche;
  }

  get flat(): boolean {
    return this.some.flat;
  }

  override get nullable(): boolean {
    return true;
  }

  /** Offset of the value. */
  get offset(): number {
    return this.layout.variants[1]![0]!;
  }

  #unwrap(value: unknown): unknown {
    if (!this.wrapped) return value;
    if (typeof value !== "object" || !("some" in value!)) throw BAD_VALUE;
    return value.some;
  }

  override get footprint(): number {
    return this.some.footprint + (this.wrapped ? 32 : 0);
  }

  serialize(writer: Writer, value: unknown): void {
    if (value !== null && value !== undefined) this.some.serialize(writer, this.#unwrap(value));
  }

  resolve(writer: Writer, at: number, value: unknown): void {
    if (value === null || value === undefined) return;
    writer.bytes[at] = 1;
    this.some.resolve(writer, at + this.offset, this.#unwrap(value));
  }

  #tag(reader: Reader, at: number): boolean {
    const tag = reader.bytes[at]!;
    if (tag > 1) reader.fail("InvalidTag", at, "tag 0 (None) or 1 (Some)");
    return tag === 1;
  }

  read(reader: Reader, at: number): unknown {
    if (!this.#tag(reader, at)) return null;
    const some = this.some.read(reader, at + this.offset);
    return this.wrapped ? { some } : some;
  }

  check(reader: Reader, at: number): void {
    if (this.#tag(reader, at)) this.some.check(reader, at + this.offset);
  }

  accept(value: unknown, path: Path): void {
    if (value === null || value === undefined) return;
    if (!this.wrapped) return this.some.accept(value, path);
    const record = asRecord(path, "null or { some }", value);
    if (!("some" in record)) refuse(path, "null or { some }", value);
    this.some.accept(record["some"], [...path, "some"]);
  }

  describe(): string {
    return `option<${this.some.describe()}>`;
  }

  defaultValue(): null {
    return null;
  }

  override hash(hasher: SeaHasher, value: unknown): void {
    const isSome = value !== null && value !== undefined;
    hasher.length(isSome ? 1 : 0);
    if (isSome) this.some.hash(hasher, this.#unwrap(value));
  }

  override compare(a: unknown, b: unknown): number {
    const aIsNone = a === null || a === undefined;
    const bIsNone = b === null || b === undefined;
    if (aIsNone || bIsNone) return Number(bIsNone) - Number(aIsNone);
    return this.some.compare(this.#unwrap(a), this.#unwrap(b));
  }

  override get keyFault(): string | undefined {
    return this.some.keyFault;
  }
}

/**
 * `Option<T>`: a tag byte, 0 or 1, then the value at its alignment. `null` is None, and `undefined` is taken for it.
 *
 * An option of an option (or of `unit`) has `{ some: T }` for Some, so that `Some(None)` and `None` differ.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, option, u8 } from "@hardlight/hardlight/codec";
 *
 * assert.deepEqual(encode(option(u8), 7), Uint8Array.of(1, 7));
 * assert.equal(decode(option(u8), Uint8Array.of(0, 0)), null);
 * ```
 */
export function option<T>(some: Schema<T>): Schema<Optional<T>> {
  return new Option(some) as unknown as Schema<Optional<T>>;
}
