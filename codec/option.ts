/**
 * {@linkcode option}.
 *
 * @module
 */
import { type AnySchema, once, type Schema } from "./schema.ts";
import { sum } from "./sums.ts";

/** `T | null`; if `null` or `undefined` is itself a `T`, `{ some: T } | null`, which distinguishes the two. */
export type Optional<T> = [null] extends [T] ? { some: T } | null
  : [undefined] extends [T] ? { some: T } | null
  : T | null;

/**
 * `Option<T>`: a tag byte, 0 or 1, then the value at its alignment. `null` is None; `undefined` is accepted for it.
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
  const inside = once(() => schema.arms[1]!.fields[0]!.offset);
  const schema = sum("option", { none: null, some }, false, {
    nullable: true,
    parts: [some as AnySchema],
    armOf: (value) => schema.arms[isNone(value) ? 0 : 1],
    write(writer, at, value) {
      // The bytes are zero, and so is the tag of None.
      if (isNone(value)) return;
      if (some.nullable) {
        if (typeof value !== "object" || !("some" in value)) writer.refuse(schema, value);
        return schema.arms[1]!.write(writer, at, value);
      }
      writer.out[at] = 1;
      some.write(writer, at + inside(), value as T);
    },
    read(reader, at) {
      const tag = reader.bytes[at]!;
      if (tag > 1) reader.fail("InvalidTag", at, schema);
      if (tag === 0) return null;
      return some.nullable
        ? schema.arms[1]!.readInto(reader, at, {})
        : some.read(reader, at + inside());
    },
  });
  return schema as AnySchema as Schema<Optional<T>>;
}

function isNone(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}
