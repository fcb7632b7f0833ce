/**
 * {@linkcode box} and {@linkcode lazy}.
 *
 * @module
 */
import type { Niche } from "./layout.ts";
import type { Reader } from "./reader.ts";
import { type Path, Schema } from "./schema.ts";
import type { SeaHasher } from "./sea_hash.ts";
import { refusing, tooDeep, type Writer } from "./writer.ts";

/** A schema of {@linkcode box}. */
export class Box<T> extends Schema<T> {
  readonly kind = "box";
  readonly size = 4;
  readonly align = 4;
  readonly niche: undefined = undefined;
  readonly flat = false;
  /** How the value is archived. */
  readonly item: Schema<T>;

  /** See {@linkcode box}. */
  constructor(item: Schema<T>) {
    super();
    this.item = item;
  }

  override get footprint(): number {
    return this.item.footprint;
  }

  serialize(writer: Writer, value: T): void {
    const bottom = writer.top;
    this.item.serialize(writer, value);
    const start = writer.reserve(this.item.size, this.item.align);
    const cursor = writer.cursor;
    writer.cursor = bottom;
    this.item.resolve(writer, start, value);
    writer.cursor = cursor;
    writer.top = bottom;
    writer.push(start);
  }

  resolve(writer: Writer, at: number, _value: T): void {
    writer.setPointer(at, writer.take());
  }

  read(reader: Reader, at: number): T {
    const { size, align } = this.item;
    const start = reader.claim(at, reader.view.getInt32(at, true), size, align);
    const { high } = reader;
    reader.high = start;
    const value = this.item.read(reader, start);
    reader.low = start + size;
    reader.high = high;
    return value;
  }

  check(reader: Reader, at: number): void {
    const { size, align } = this.item;
    const start = reader.claim(at, reader.view.getInt32(at, true), size, align);
    const { high } = reader;
    reader.high = start;
    this.item.check(reader, start);
    reader.low = start + size;
    reader.high = high;
  }

  accept(value: unknown, path: Path): void {
    this.item.accept(value, path);
  }

  describe(): string {
    return `box<${this.item.describe()}>`;
  }

  defaultValue(): T {
    return this.item.defaultValue();
  }

  override hash(hasher: SeaHasher, value: T): void {
    this.item.hash(hasher, value);
  }

  override compare(a: T, b: T): number {
    return this.item.compare(a, b);
  }

  override get nullable(): boolean {
    return this.item.nullable;
  }

  override get keyFault(): string | undefined {
    return this.item.keyFault;
  }
}

/**
 * `Box<T>`: a relative pointer of 4 bytes to the value; the value itself in TypeScript.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { box, decode, encode, u32 } from "@hardlight/hardlight/codec";
 *
 * const schema = box(u32);
 * const value = 7;
 * assert.deepEqual(decode(schema, encode(schema, value)), value);
 * ```
 */
export function box<T>(item: Schema<T>): Schema<T> {
  return new Box(item);
}

/** Recursive types by their number in the description under way. */
const described = /* @__PURE__ */ new Map<Schema<unknown>, number>();

/** A schema of {@linkcode lazy}. */
export class Lazy<T> extends Schema<T> {
  readonly kind = "lazy";
  readonly #make: () => Schema<T>;
  #schema: Schema<T> | undefined;

  /** See {@linkcode lazy}. */
  constructor(make: () => Schema<T>) {
    super();
    this.#make = make;
  }

  /** The schema itself. */
  get schema(): Schema<T> {
    return this.#schema ??= this.#make();
  }

  get size(): number {
    return this.schema.size;
  }

  get align(): number {
    return this.schema.align;
  }

  get niche(): Niche | undefined {
    return this.schema.niche;
  }

  get flat(): boolean {
    return false;
  }

  /** Nothing: it is counted as it is read. */
  override get footprint(): number {
    return 0;
  }

  serialize(writer: Writer, value: T): void {
    writer.descend();
    this.schema.serialize(writer, value);
    writer.ascend();
  }

  resolve(writer: Writer, at: number, value: T): void {
    this.schema.resolve(writer, at, value);
  }

  read(reader: Reader, at: number): T {
    reader.descend(at, this.schema.footprint);
    const value = this.schema.read(reader, at);
    reader.ascend();
    return value;
  }

  check(reader: Reader, at: number): void {
    reader.descend(at, this.schema.footprint);
    this.schema.check(reader, at);
    reader.ascend();
  }

  accept(value: unknown, path: Path): void {
    if (refusing.depth === refusing.maxDepth) throw tooDeep(path, refusing.maxDepth);
    refusing.depth++;
    try {
      this.schema.accept(value, path);
    } finally {
      refusing.depth--;
    }
  }

  describe(): string {
    const isOutermost = described.size === 0;
    const known = described.get(this.schema);
    if (known !== undefined) return `@${known}`;
    const number = described.size;
    described.set(this.schema, number);
    try {
      return `@${number}=${this.schema.describe()}`;
    } finally {
      if (isOutermost) described.clear();
    }
  }

  defaultValue(): T {
    return this.schema.defaultValue();
  }

  override hash(hasher: SeaHasher, value: T): void {
    this.schema.hash(hasher, value);
  }

  override compare(a: T, b: T): number {
    return this.schema.compare(a, b);
  }

  override get nullable(): boolean {
    return this.schema.nullable;
  }

  override get keyFault(): string | undefined {
    return "a recursive type cannot be a map's key";
  }
}

/**
 * A schema that is made when it is first needed, so that a type can contain itself.
 *
 * Values may nest 64 levels deep, both ways.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, lazy, type Schema, string, struct, vec } from "@hardlight/hardlight/codec";
 *
 * interface Tree {
 *   name: string;
 *   children: readonly Tree[];
 * }
 * const Tree: Schema<Tree> = struct({ name: string, children: vec(lazy(() => Tree)) });
 * const tree = { name: "root", children: [{ name: "leaf", children: [] }] };
 * assert.deepEqual(decode(Tree, encode(Tree, tree)), tree);
 * ```
 */
export function lazy<T>(make: () => Schema<T>): Schema<T> {
  return new Lazy(make);
}
