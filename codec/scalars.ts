/**
 * Floats, `bool`, `char` and `()`.
 *
 * @module
 */
import { viewOf } from "./reader.ts";
import type { Kind, LeafKind, Schema } from "./schema.ts";

/** A type without parts. All have the same properties in the same order, which engines access faster. */
export function leaf<T, K extends Kind = LeafKind>(
  kind: K,
  size: number,
  align: number,
  write: Schema<T>["write"],
  read: Schema<T>["read"],
  { niche, nullable, memory, text }: Partial<
    Pick<Schema<T>, "niche" | "nullable" | "memory" | "text">
  > = {},
): Schema<T> & { readonly kind: K } {
  return { kind, size, align, niche, nullable, memory, text, write, read };
}

function float(kind: "f32" | "f64", size: 4 | 8): Schema<number> {
  const schema = leaf<number>(
    kind,
    size,
    size,
    (writer, at, value) => {
      if (typeof value !== "number") writer.refuse(schema, value);
      if (size === 4) writer.outView.setFloat32(at, value, true);
      else writer.outView.setFloat64(at, value, true);
    },
    (reader, at) => {
      const view = viewOf(reader);
      return size === 4 ? view.getFloat32(at, true) : view.getFloat64(at, true);
    },
  );
  return schema;
}

/** The Unicode scalar value of a string of exactly one; otherwise -1. */
export function scalarOf(value: unknown): number {
  if (typeof value !== "string") return -1;
  const point = value.codePointAt(0) ?? -1;
  const units = point > 0xffff ? 2 : 1;
  return value.length !== units || (point >= 0xd800 && point <= 0xdfff) ? -1 : point;
}

/**
 * `f32`: 4 bytes; a `number`, rounded to the nearest `f32` when encoded.
 *
 * A NaN stays a NaN, but its sign and payload are not kept, see {@linkcode f64}. `f32Array` keeps all bits.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { encode, f32 } from "@hardlight/hardlight/codec";
 *
 * assert.deepEqual(encode(f32, 1.5), Uint8Array.of(0, 0, 192, 63));
 * ```
 */
export const f32: Schema<number> = /* @__PURE__ */ float("f32", 4);
/**
 * `f64`: 8 bytes; a `number`.
 *
 * A NaN stays a NaN, but ECMAScript lets an engine choose its bits. Bun and Safari use the canonical one
 * (`7ff8000000000000`). Deno, Node and Chromium mostly keep sign and payload, but not in arrays and not those of a
 * signalling NaN. Use an `f64Array` or a `u64` to keep all bits.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { encode, f64 } from "@hardlight/hardlight/codec";
 *
 * assert.deepEqual(encode(f64, 1.5), Uint8Array.of(0, 0, 0, 0, 0, 0, 248, 63));
 * ```
 */
export const f64: Schema<number> = /* @__PURE__ */ float("f64", 8);
/**
 * `bool`: 1 byte, 0 or 1.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { encode, bool } from "@hardlight/hardlight/codec";
 *
 * assert.deepEqual(encode(bool, true), Uint8Array.of(1));
 * ```
 */
export const bool: Schema<boolean> = /* @__PURE__ */ leaf<boolean>(
  "bool",
  1,
  1,
  (writer, at, value) => {
    if (typeof value !== "boolean") writer.refuse(bool, value);
    writer.out[at] = value ? 1 : 0;
  },
  (reader, at) => {
    const byte = reader.bytes[at]!;
    if (byte > 1) reader.fail("Bool", at);
    return byte === 1;
  },
  { niche: [254, 0, 1] },
);
/**
 * `char`: 4 bytes; a `string` of one Unicode scalar value.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { encode, char } from "@hardlight/hardlight/codec";
 *
 * assert.deepEqual(encode(char, "é"), Uint8Array.of(233, 0, 0, 0));
 * ```
 */
export const char: Schema<string> = /* @__PURE__ */ leaf<string>(
  "char",
  4,
  4,
  (writer, at, value) => {
    const point = scalarOf(value);
    if (point < 0) writer.refuse(char, value);
    writer.outView.setUint32(at, point, true);
  },
  (reader, at) => {
    const point = reader.u32(at);
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) {
      reader.fail("Char", at);
    }
    return String.fromCodePoint(point);
  },
  { niche: [4_293_853_184, 0, 4] },
);
/**
 * `()`: no bytes; `undefined`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { encode, unit } from "@hardlight/hardlight/codec";
 *
 * assert.deepEqual(encode(unit, undefined), Uint8Array.of());
 * ```
 */
export const unit: Schema<void> = /* @__PURE__ */ leaf<void>(
  "unit",
  0,
  1,
  (writer, _at, value) => {
    if (value !== undefined && value !== null) writer.refuse(unit, value);
  },
  () => {},
  { nullable: true },
);
