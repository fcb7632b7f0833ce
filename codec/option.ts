/**
 * {@linkcode option}.
 *
 * @module
 */
import { type AnySchema, once, type Schema } from "./schema.ts";
import { sum, type SumValues } from "./sums.ts";

/** `T | null`; where `null` or `undefined` is itself a `T`, `{ some: T } | null`, which can tell the two apart. */
export type Optional<T> = [null] extends [T] ? { some: T } | null
  : [undefined] extends [T] ? { some: T } | null
  : T | null;

const OPTIONAL: SumValues = {
  armOf(value) {
    return this.arms[value === null || value === undefined ? 0 : 1];
  },
  carried: ({ fields }, value) => fields[0] && !fields[0].schema.nullable ? { some: value } : value,
  read: (reader, at, arm) => arm.tag === 0 ? null : arm.readInto(reader, at, {}),
};

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
  const arms = [
    { name: "none", shape: "unit", schemas: {} },
    { name: "some", shape: "single", schemas: { some } },
  ] as const;
  const schema = sum("option", arms, OPTIONAL, {
    nullable: true,
    text: ({ of }) => `option<${of(some)}>`,
  });
  /** Where the value is, behind the tag; 0 where it is within an object, as the arm has it. */
  const offset = once(() => some.nullable ? 0 : schema.arms[1]!.fields[0]!.offset);
  schema.write = (writer, at, value) => {
    // The bytes are zero, and so is the tag of None.
    if (value === null || value === undefined) return;
    const inside = offset();
    if (inside === 0) {
      if (typeof value !== "object" || !("some" in value)) {
        writer.refuse("null or { some }", value);
      }
      return schema.arms[1]!.write(writer, at, value);
    }
    writer.out[at] = 1;
    some.write(writer, at + inside, value as T);
  };
  const { read } = schema;
  schema.read = (reader, at) => {
    const inside = offset();
    return inside > 0 && reader.bytes[at] === 1 ? some.read(reader, at + inside) : read(reader, at);
  };
  return schema as AnySchema as Schema<Optional<T>>;
}
