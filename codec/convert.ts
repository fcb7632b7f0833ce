/**
 * {@linkcode convert} and {@linkcode withDefault}.
 *
 * @module
 */
import { decode } from "./decode.ts";
import { encode } from "./encode.ts";
import type { Niche } from "./layout.ts";
import type { Reader } from "./reader.ts";
import { type Path, refuse, Schema } from "./schema.ts";
import type { SeaHasher } from "./sea_hash.ts";
import type { Writer } from "./writer.ts";

/** How a type of one's own maps onto an archived one. */
export interface Conversion<T, U> {
  /** What it is, for messages: `"a Topic"`. */
  readonly expected: string;
  /** To the type of one's own. Runs on values that have been checked, once for each. */
  decode(value: U): T;
  /**
   * From the type of one's own; throws anything for a value that cannot be converted. Called once for each
   * value that is encoded, and again only to say what is wrong with one, or where it is but a part of a
   * map's key, which is hashed or compared besides.
   */
  encode(value: T): U;
}

/** A schema of {@linkcode convert} or {@linkcode withDefault}. */
export class Converted<T, U> extends Schema<T> {
  readonly kind = "convert";
  /** How the converted value is archived. */
  readonly inner: Schema<U>;
  /** Both directions. */
  readonly conversion: Conversion<T, U>;

  /** See {@linkcode convert}. */
  constructor(inner: Schema<U>, conversion: Conversion<T, U>) {
    super();
    this.inner = inner;
    this.conversion = conversion;
  }

  get size(): number {
    return this.inner.size;
  }

  get align(): number {
    return this.inner.align;
  }

  get niche(): Niche | undefined {
    return this.inner.niche;
  }

  get flat(): boolean {
    return this.inner.flat;
  }

  override get footprint(): number {
    return 64 + this.inner.footprint;
  }

  serialize(writer: Writer, value: T): void {
    if (this.inner.flat) return;
    // Once: a conversion may answer otherwise when it is asked again.
    const inner = this.conversion.encode(value);
    writer.push(writer.keep(inner));
    this.inner.serialize(writer, inner);
  }

  resolve(writer: Writer, at: number, value: T): void {
    const inner = this.inner.flat
      ? this.conversion.encode(value)
      : writer.converted[writer.take()] as U;
    this.inner.resolve(writer, at, inner);
  }

  read(reader: Reader, at: number): T {
    return this.conversion.decode(this.inner.read(reader, at));
  }

  check(reader: Reader, at: number): void {
    this.inner.check(reader, at);
  }

  accept(value: unknown, path: Path): void {
    let inner: U;
    try {
      inner = this.conversion.encode(value as T);
    } catch {
      refuse(path, this.conversion.expected, value);
    }
    this.inner.accept(inner, path);
  }

  describe(): string {
    return this.inner.describe();
  }

  defaultValue(): T {
    return this.conversion.decode(this.inner.defaultValue());
  }

  override hash(hasher: SeaHasher, value: T): void {
    this.inner.hash(hasher, this.conversion.encode(value));
  }

  override compare(a: T, b: T): number {
    return this.inner.compare(this.conversion.encode(a), this.conversion.encode(b));
  }

  override get nullable(): boolean {
    return this.inner.nullable;
  }

  override get keyFault(): string | undefined {
    return this.inner.keyFault;
  }
}

/** The keys of a map without their conversions, so that each is converted once and Rust's order is by what Rust has. */
export interface PlainKeys<K> {
  /** How they are archived. */
  readonly schema: Schema<unknown>;
  /** What of a key is archived. */
  encode(key: K): unknown;
  /** A key again. */
  decode(plain: unknown): K;
}

/** See {@linkcode PlainKeys}. */
export function plainKeys<K>(schema: Schema<K>): PlainKeys<K> {
  if (!(schema instanceof Converted)) {
    return { schema: schema as Schema<unknown>, encode: (key) => key, decode: (key) => key as K };
  }
  const { conversion } = schema as Converted<K, unknown>;
  const inner = plainKeys((schema as Converted<K, unknown>).inner);
  return {
    schema: inner.schema,
    encode: (key) => inner.encode(conversion.encode(key)),
    decode: (plain) => conversion.decode(inner.decode(plain)),
  };
}

/**
 * A type of your own, archived as another.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { convert, decode, encode, i64 } from "@hardlight/hardlight/codec";
 *
 * const date = convert(i64, {
 *   expected: "a Date",
 *   decode: (ms) => new Date(Number(ms)),
 *   encode: (date: Date) => BigInt(date.getTime()),
 * });
 * assert.deepEqual(decode(date, encode(date, new Date(7))), new Date(7));
 * ```
 */
export function convert<T, U>(inner: Schema<U>, conversion: Conversion<T, U>): Schema<T> {
  return new Converted(inner, conversion);
}

/** A schema of {@linkcode withDefault}: the same values as what is inside. */
export class Defaulted<T> extends Converted<T, T> {
  readonly #value: T;

  constructor(inner: Schema<T>, value: T) {
    super(inner, { expected: inner.kind, decode: (v) => v, encode: (v) => v });
    this.#value = value;
  }

  override accept(value: unknown, path: Path): void {
    this.inner.accept(value, path);
  }

  override defaultValue(): T {
    // A copy each, so that nobody shares what may be changed in place.
    return decode(this.inner, encode(this.inner, this.#value));
  }
}

/**
 * The same type with another default, for a field of connection state whose Rust type has a `Default` of its own.
 * Not part of the wire.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { u32, withDefault } from "@hardlight/hardlight/codec";
 *
 * assert.equal(withDefault(u32, 7).defaultValue(), 7);
 * ```
 */
export function withDefault<T>(schema: Schema<T>, value: T): Schema<T> {
  schema.accept(value, []);
  return new Defaulted(schema, value);
}
