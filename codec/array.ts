/**
 * {@linkcode array}.
 *
 * @module
 */
import type { Niche } from "./layout.ts";
import { BAD_VALUE } from "./primitives.ts";
import type { Reader } from "./reader.ts";
import { type Path, refuse, Schema } from "./schema.ts";
import type { SeaHasher } from "./sea_hash.ts";
import type { Writer } from "./writer.ts";

/** A schema of {@linkcode array}. */
export class FixedArray<T> extends Schema<T[]> {
  readonly kind = "array";
  /** How one element is archived. */
  readonly item: Schema<T>;
  /** How many there are. */
  readonly length: number;

  /** See {@linkcode array}. */
  constructor(item: Schema<T>, length: number) {
    super();
    if (!Number.isInteger(length) || length < 0) {
      throw new RangeError(`Cannot make an array of ${length}: expected a whole number`);
    }
    this.item = item;
    this.length = length;
  }

  get size(): number {
    return this.item.size * this.length;
  }

  get align(): number {
    return this.item.align;
  }

  get niche(): Niche | undefined {
    return this.length > 0 ? this.item.niche : undefined;
  }

  get flat(): boolean {
    return this.length === 0 || this.item.flat;
  }

  override get footprint(): number {
    return 48 + this.length * (8 + this.item.footprint);
  }

  serialize(writer: Writer, values: readonly T[]): void {
    if (!Array.isArray(values) || values.length !== this.length) throw BAD_VALUE;
    for (const value of values) this.item.serialize(writer, value);
  }

  resolve(writer: Writer, at: number, values: readonly T[]): void {
    if (!Array.isArray(values) || values.length !== this.length) throw BAD_VALUE;
    const { size } = this.item;
    for (let i = 0; i < this.length; i++) this.item.resolve(writer, at + i * size, values[i]!);
  }

  read(reader: Reader, at: number): T[] {
    const { size } = this.item;
    const values: T[] = [];
    for (let i = 0; i < this.length; i++) values.push(this.item.read(reader, at + i * size));
    return values;
  }

  check(reader: Reader, at: number): void {
    const { size } = this.item;
    const depth = reader.path.length;
    for (let i = 0; i < this.length; i++) {
      reader.path[depth] = i;
      this.item.check(reader, at + i * size);
    }
    reader.path.length = depth;
  }

  accept(value: unknown, path: Path): void {
    if (!Array.isArray(value) || value.length !== this.length) {
      refuse(path, `an array of ${this.length}`, value);
    }
    for (let i = 0; i < this.length; i++) this.item.accept(value[i], [...path, i]);
  }

  describe(): string {
    return `[${this.item.describe()};${this.length}]`;
  }

  defaultValue(): T[] {
    return Array.from({ length: this.length }, () => this.item.defaultValue());
  }

  override hash(hasher: SeaHasher, values: readonly T[]): void {
    hasher.length(values.length);
    for (const value of values) this.item.hash(hasher, value);
  }

  override compare(a: readonly T[], b: readonly T[]): number {
    for (let i = 0; i < this.length; i++) {
      const order = this.item.compare(a[i]!, b[i]!);
      if (order !== 0) return order;
    }
    return 0;
  }

  override get keyFault(): string | undefined {
    return this.item.keyFault;
  }
}

/**
 * `[T; N]`: the elements in order, inline.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { array, encode, u16 } from "@hardlight/hardlight/codec";
 *
 * assert.deepEqual(encode(array(u16, 2), [1, 2]), Uint8Array.of(1, 0, 2, 0));
 * ```
 */
export function array<T>(item: Schema<T>, length: number): Schema<T[]> {
  return new FixedArray(item, length);
}
