/**
 * {@linkcode option}.
 *
 * @module
 */
import { type EnumLayout, enumLayout, type Niche } from "./layout.ts";
import type { Reader } from "./reader.ts";
import { type Path, Schema } from "./schema.ts";
import type { SeaHasher } from "./sea_hash.ts";
import type { Writer } from "./writer.ts";

/** A schema of {@linkcode option}. */
export class Option<T> extends Schema<T | null> {
  readonly kind = "option";
  /** How the value is archived, when there is one. */
  readonly some: Schema<T>;
  #layout: EnumLayout | undefined;

  /** See {@linkcode option}. */
  constructor(some: Schema<T>) {
    super();
    this.some = some;
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

  /** Offset of the value. */
  get offset(): number {
    return this.layout.variants[1]![0]!;
  }

  serialize(writer: Writer, value: T | null): void {
    if (value !== null && value !== undefined) this.some.serialize(writer, value);
  }

  resolve(writer: Writer, at: number, value: T | null): void {
    if (value === null || value === undefined) return;
    writer.bytes[at] = 1;
    this.some.resolve(writer, at + this.offset, value);
  }

  #tag(reader: Reader, at: number): boolean {
    const tag = reader.bytes[at]!;
    if (tag > 1) reader.fail("InvalidTag", at, "tag 0 (None) or 1 (Some)");
    return tag === 1;
  }

  read(reader: Reader, at: number): T | null {
    return this.#tag(reader, at) ? this.some.read(reader, at + this.offset) : null;
  }

  check(reader: Reader, at: number): void {
    if (this.#tag(reader, at)) this.some.check(reader, at + this.offset);
  }

  accept(value: unknown, path: Path): void {
    if (value !== null && value !== undefined) this.some.accept(value, path);
  }

  describe(): string {
    return `option<${this.some.describe()}>`;
  }

  defaultValue(): null {
    return null;
  }

  override hash(hasher: SeaHasher, value: T | null): void {
    hasher.u64(value === null || value === undefined ? 0n : 1n);
    if (value !== null && value !== undefined) this.some.hash(hasher, value);
  }

  override compare(a: T | null, b: T | null): number {
    if (a === null || b === null) return (a === null ? 0 : 1) - (b === null ? 0 : 1);
    return this.some.compare(a, b);
  }

  override get keyFault(): string | undefined {
    return this.some.keyFault;
  }
}

/**
 * `Option<T>`: a tag byte, 0 or 1, then the value at its alignment; `null` is None.
 *
 * An option of an option cannot tell `Some(None)` from `None` in TypeScript, so it is refused.
 */
export function option<T>(some: Schema<T>): Schema<T | null> {
  if (some instanceof Option || some.kind === "unit") {
    throw new TypeError(`Cannot make an option of ${some.kind}: both None and Some would be empty`);
  }
  return new Option(some);
}
