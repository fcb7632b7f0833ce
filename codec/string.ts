/**
 * {@linkcode string} and {@linkcode boxStr}.
 *
 * @module
 */
import { BAD_VALUE } from "./primitives.ts";
import type { Reader } from "./reader.ts";
import { type Path, refuse, Schema } from "./schema.ts";
import type { SeaHasher } from "./sea_hash.ts";
import { compareUtf8, readUtf8, toUtf8, utf8Length, writeUtf8 } from "./utf8.ts";
import type { Writer } from "./writer.ts";

/** Bytes a string may have and still be stored inline. Rust: `rkyv/src/string/repr.rs`, `INLINE_CAPACITY`. */
export const INLINE_CAPACITY = 7;

abstract class Text extends Schema<string> {
  readonly size = 8;
  readonly align = 4;
  readonly niche: undefined = undefined;
  readonly flat = false;

  /** Append a string's bytes; returns how many. */
  protected append(writer: Writer, value: string): number {
    writer.ensure(value.length * 3);
    const end = writeUtf8(writer.bytes, writer.position, value);
    if (end < 0) throw BAD_VALUE;
    const length = end - writer.position;
    writer.position = end;
    return length;
  }

  protected text(reader: Reader, start: number, length: number): string {
    return readUtf8(reader.bytes, start, length) ?? reader.fail("Utf8Error", start, "UTF-8");
  }

  check(reader: Reader, at: number): void {
    this.read(reader, at);
  }

  accept(value: unknown, path: Path): void {
    if (typeof value !== "string") refuse(path, "a string", value);
    if (!value.isWellFormed()) refuse(path, "a string without lone surrogates", value);
  }

  describe(): string {
    return this.kind;
  }

  defaultValue(): string {
    return "";
  }

  override hash(hasher: SeaHasher, value: string): void {
    hasher.write(toUtf8(value));
    hasher.u8(0xff);
  }

  override compare(a: string, b: string): number {
    return compareUtf8(a, b);
  }

  override get keyFault(): string | undefined {
    return undefined;
  }
}

class StringSchema extends Text {
  readonly kind = "string";

  serialize(writer: Writer, value: string): void {
    if (typeof value !== "string") throw BAD_VALUE;
    if (value.length <= INLINE_CAPACITY) {
      const length = utf8Length(value);
      if (length < 0) throw BAD_VALUE;
      if (length <= INLINE_CAPACITY) return;
    }
    const start = writer.position;
    writer.push(start);
    writer.push(this.append(writer, value));
  }

  resolve(writer: Writer, at: number, value: string): void {
    if (value.length <= INLINE_CAPACITY) {
      const length = utf8Length(value);
      if (length <= INLINE_CAPACITY) {
        if (length === value.length) {
          for (let i = 0; i < length; i++) writer.bytes[at + i] = value.charCodeAt(i);
        } else {
          writer.bytes.set(toUtf8(value), at);
        }
        writer.bytes[at + 7] = length;
        return;
      }
    }
    const start = writer.take();
    writer.setU32(at, writer.take());
    writer.view.setInt32(at + 4, start - at, true);
  }

  read(reader: Reader, at: number): string {
    const last = reader.bytes[at + 7]!;
    if (last < 0x80) {
      if (last > INLINE_CAPACITY) reader.fail("StringRepr", at, "an inline length of at most 7");
      return this.text(reader, at, last);
    }
    const length = reader.view.getUint32(at, true);
    const start = reader.claim(at, reader.view.getInt32(at + 4, true), length, 1);
    reader.low = start + length;
    return this.text(reader, start, length);
  }
}

class BoxStr extends Text {
  readonly kind = "boxstr";

  serialize(writer: Writer, value: string): void {
    if (typeof value !== "string") throw BAD_VALUE;
    const start = writer.position;
    writer.push(start);
    writer.push(this.append(writer, value));
  }

  resolve(writer: Writer, at: number, _value: string): void {
    writer.setPointer(at, writer.take());
    writer.setU32(at + 4, writer.take());
  }

  read(reader: Reader, at: number): string {
    const length = reader.view.getUint32(at + 4, true);
    const start = reader.claim(at, reader.view.getInt32(at, true), length, 1);
    reader.low = start + length;
    return this.text(reader, start, length);
  }
}

/**
 * `String`: up to 7 bytes of UTF-8 inline, longer ones out of line.
 *
 * | offset | bytes | up to 7 bytes        | longer                                           |
 * | -----: | ----: | -------------------- | ------------------------------------------------ |
 * |      0 |     4 | UTF-8                | `u32` length                                     |
 * |      4 |     3 | UTF-8                | `i32` distance from the object's start, negative |
 * |      7 |     1 | length               | (its last byte: bit 7 is set)                    |
 *
 * Lone surrogates are refused when encoding. Rust: `rkyv/src/string/repr.rs`, rkyv 0.7.46.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { encode, string } from "@hardlight/hardlight/codec";
 *
 * assert.deepEqual(encode(string, "hi"), Uint8Array.of(104, 105, 0, 0, 0, 0, 0, 2)); // inline
 * assert.equal(encode(string, "eight by").length, 16); // the text, then its place
 * ```
 */
export const string: Schema<string> = /* @__PURE__ */ new StringSchema();

/**
 * `Box<str>`: a relative pointer, then the length in bytes; never inline.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { boxStr, decode, encode } from "@hardlight/hardlight/codec";
 *
 * const schema = boxStr;
 * const value = "hi";
 * assert.deepEqual(decode(schema, encode(schema, value)), value);
 * ```
 */
export const boxStr: Schema<string> = /* @__PURE__ */ new BoxStr();
