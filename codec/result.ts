/**
 * {@linkcode result}.
 *
 * @module
 */
import { type EnumLayout, enumLayout, type Niche } from "./layout.ts";
import { BAD_VALUE } from "./primitives.ts";
import type { Reader } from "./reader.ts";
import { asRecord, type Path, refuse, Schema } from "./schema.ts";
import type { SeaHasher } from "./sea_hash.ts";
import type { Writer } from "./writer.ts";

/** Rust's `Result<T, E>` as a value. */
export type Result<T, E> = { readonly ok: T } | { readonly err: E };

/** A schema of {@linkcode result}. */
export class ResultSchema<T, E> extends Schema<Result<T, E>> {
  readonly kind = "result";
  /** How `Ok` is archived. */
  readonly ok: Schema<T>;
  /** How `Err` is archived. */
  readonly err: Schema<E>;
  #layout: EnumLayout | undefined;

  /** See {@linkcode result}. */
  constructor(ok: Schema<T>, err: Schema<E>) {
    super();
    this.ok = ok;
    this.err = err;
  }

  /** Where the parts are. */
  get layout(): EnumLayout {
    return this.#layout ??= enumLayout([[this.ok], [this.err]]);
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
    return this.ok.flat && this.err.flat;
  }

  override get footprint(): number {
    return 32 + Math.max(this.ok.footprint, this.err.footprint);
  }

  serialize(writer: Writer, value: Result<T, E>): void {
    if ("ok" in value) this.ok.serialize(writer, value.ok);
    else if ("err" in value) this.err.serialize(writer, value.err);
    else throw BAD_VALUE;
  }

  resolve(writer: Writer, at: number, value: Result<T, E>): void {
    if ("ok" in value) {
      this.ok.resolve(writer, at + this.layout.variants[0]![0]!, value.ok);
    } else if ("err" in value) {
      writer.bytes[at] = 1;
      this.err.resolve(writer, at + this.layout.variants[1]![0]!, value.err);
    } else throw BAD_VALUE;
  }

  #tag(reader: Reader, at: number): boolean {
    const tag = reader.bytes[at]!;
    if (tag > 1) reader.fail("InvalidTag", at, "tag 0 (Ok) or 1 (Err)");
    return tag === 0;
  }

  read(reader: Reader, at: number): Result<T, E> {
    if (this.#tag(reader, at)) {
      return { ok: this.ok.read(reader, at + this.layout.variants[0]![0]!) };
    }
    return { err: this.err.read(reader, at + this.layout.variants[1]![0]!) };
  }

  check(reader: Reader, at: number): void {
    const isOk = this.#tag(reader, at);
    reader.path.push(isOk ? "ok" : "err");
    if (isOk) this.ok.check(reader, at + this.layout.variants[0]![0]!);
    else this.err.check(reader, at + this.layout.variants[1]![0]!);
    reader.path.pop();
  }

  accept(value: unknown, path: Path): void {
    const record = asRecord(path, "{ ok } or { err }", value);
    if ("ok" in record) this.ok.accept(record["ok"], [...path, "ok"]);
    else if ("err" in record) this.err.accept(record["err"], [...path, "err"]);
    else refuse(path, "{ ok } or { err }", value);
  }

  describe(): string {
    return `result<${this.ok.describe()},${this.err.describe()}>`;
  }

  defaultValue(): Result<T, E> {
    throw new TypeError("Cannot default a result: Rust's Result has no Default");
  }

  override hash(hasher: SeaHasher, value: Result<T, E>): void {
    hasher.length("ok" in value ? 0 : 1);
    if ("ok" in value) this.ok.hash(hasher, value.ok);
    else this.err.hash(hasher, value.err);
  }

  override compare(a: Result<T, E>, b: Result<T, E>): number {
    if ("ok" in a) return "ok" in b ? this.ok.compare(a.ok, b.ok) : -1;
    return "ok" in b ? 1 : this.err.compare(a.err, b.err);
  }

  override get keyFault(): string | undefined {
    return this.ok.keyFault ?? this.err.keyFault;
  }
}

/**
 * `Result<T, E>`: a tag byte, 0 (`Ok`) or 1 (`Err`), then the value at its alignment.
 *
 * As a method's output this is how an application's own errors travel: they are values.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, result, string, u32 } from "@hardlight/hardlight/codec";
 *
 * const schema = result(u32, string);
 * assert.deepEqual(decode(schema, encode(schema, { err: "sold out" })), { err: "sold out" });
 * ```
 */
export function result<T, E>(ok: Schema<T>, err: Schema<E>): Schema<Result<T, E>> {
  return new ResultSchema(ok, err);
}
