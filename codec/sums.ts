/**
 * Sums: one of several arms, distinguished by a tag. {@linkcode option}, {@linkcode result} and {@linkcode variants}.
 *
 * @module
 */
import {
  type Fields,
  fieldsAt,
  type FieldsSchema,
  type InferItems,
  type Items,
  type Keyed,
} from "./struct.ts";
import { enumLayout, laidOut, tagBytesOf } from "./layout.ts";
import type { Reader } from "./reader.ts";
import {
  type AnySchema,
  type Arm,
  type Infer,
  isSchema,
  once,
  type Schema,
  type Sum,
} from "./schema.ts";
import { quoted, signature, textOf } from "./signature.ts";
import type { Writer } from "./writer.ts";

/** The content of a variant: nothing, one value, several by position, or several by name. */
export type VariantSpec = null | AnySchema | Items | Fields;

/** Variants by name, in declaration order: the order is wire format. */
export type Variants = Readonly<Record<string, VariantSpec>>;

/**
 * A sum of arms.
 *
 * @param isTagged Whether a value has its arm's name as its `type`, as in `{ type: "circle", radius: 2 }`; otherwise the
 * name is itself the one key, as in `{ ok: 7 }`.
 */
export function sum(
  kind: Sum["kind"],
  specs: Variants,
  isTagged: boolean,
  own?: Partial<Pick<Sum, "nullable" | "reprU8" | "parts" | "text" | "armOf" | "write" | "read">>,
): Sum {
  const tagBytes = tagBytesOf(Object.keys(specs).length);
  const layout = once(() =>
    enumLayout(tagBytes, arms.map(({ schemas }) => Object.values(schemas)))
  );
  const arms = Object.entries(specs).map(([name, spec], tag): Arm => {
    const isSingle = isTagged ? isSchema(spec) : spec !== null;
    const schemas = isSingle
      ? { [isTagged ? "value" : name]: spec as AnySchema }
      : spec as Fields | Items ?? {};
    const inPlace = (): FieldsSchema => fieldsAt(schemas, () => layout().offsets[tag]!);
    const arm = inPlace();
    const { write, read, readInto } = Array.isArray(schemas)
      ? fieldsAt({ value: inPlace() as unknown as AnySchema }, () => [0])
      : arm;
    return laidOut(
      layout,
      Object.assign(arm, {
        kind: "arm" as const,
        name,
        spec,
        tag,
        tagBytes,
        text: () => quoted(name) + (spec ? textOf(isSingle ? [spec as AnySchema] : schemas) : ""),
        write(writer: Writer, at: number, value: unknown) {
          // The bytes are zero, so only the tag's non-zero bytes are written.
          for (let rest = tag, to = at; rest > 0; rest >>= 8) writer.out[to++] = rest;
          // Nothing more, of one that carries nothing.
          if (spec) write(writer, at, value);
        },
        read,
        readInto,
      }),
    );
  });
  const schema: Sum = laidOut(layout, {
    kind,
    arms,
    tagBytes,
    armOf(value: unknown) {
      const keyed = Object(value) as Keyed;
      const type = keyed["type"];
      for (const arm of arms) if (isTagged ? arm.name === type : arm.name in keyed) return arm;
      return undefined;
    },
    write(writer: Writer, at: number, value: unknown) {
      const arm = schema.armOf(value);
      if (arm) return arm.write(writer, at, value);
      if (isTagged && Object(value) === value) {
        writer.path[writer.steps++] = "type";
        value = (value as Keyed)["type"];
      }
      writer.refuse(schema, value);
    },
    read(reader: Reader, at: number) {
      const arm = arms[readTag(reader, at, tagBytes)] ?? reader.fail("InvalidTag", at, schema);
      return arm.readInto(reader, at, isTagged ? { type: arm.name } : {});
    },
    ...own,
  });
  return schema;
}

/** The tag of the sum at `at`. */
export function readTag(reader: Reader, at: number, tagBytes: 1 | 2 | 4): number {
  // A view is expensive: created for each call's method, it took a third of a busy server's time on Bun.
  return tagBytes === 1 ? reader.bytes[at]! : reader.u32(at) % 256 ** tagBytes;
}

/** Rust's `Result<T, E>` as a value. */
export type Result<T, E> = { readonly ok: T } | { readonly err: E };

/**
 * `Result<T, E>`: a tag byte, 0 (`Ok`) or 1 (`Err`), then the value at its alignment.
 *
 * Use it as a method's output for an application's own errors: they are values.
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
  return sum("result", { ok, err }, false, {
    parts: [ok as AnySchema, err as AnySchema],
  }) as AnySchema as Schema<Result<T, E>>;
}

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

/** The value of one variant, as {@linkcode variants} lists them. */
export type InferVariant<K, V> = V extends null ? { type: K }
  : V extends Schema<infer T> ? { type: K; value: T }
  : V extends Items ? { type: K; value: InferItems<V> }
  : { -readonly [P in "type" | keyof V]: P extends keyof V ? Infer<V[P]> : K };

/** The value of an enum with these variants: a union discriminated by `type`. */
export type InferVariants<V> = { [K in keyof V]: InferVariant<K, V[K]> }[keyof V];

/** An enum whose variants may have a field named `type`, as a call's arguments may. */
export function taggedSum(specs: Variants, own?: Partial<Pick<Sum, "reprU8">>): Sum {
  const schema = sum("variants", specs, true, {
    text: () => `enum{${schema.arms.map(signature)}}`,
    ...own,
  });
  return schema;
}

/** Properties of the native enum. */
export interface VariantsOptions {
  /** `"u8"` if the Rust enum is `#[repr(u8)]`, which allows it as the key of a hash map. */
  readonly repr?: "u8";
}

/**
 * An enum. Its variants' order is wire format: append only.
 *
 * | variant | value |
 * | --- | --- |
 * | `name: null` | `{ type: "name" }` |
 * | `name: schema` | `{ type: "name", value }` |
 * | `name: [a, b]` | `{ type: "name", value: [a, b] }` |
 * | `name: { x: a, y: b }` | `{ type: "name", x, y }` |
 *
 * Archived as a tag (1 byte up to 255 variants, then 2, then 4), then the variant's fields in
 * declaration order, each at its alignment. Rust: `rkyv_derive/src/archive.rs`, rkyv 0.7.46.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, f64, variants } from "@hardlight/hardlight/codec";
 *
 * const Shape = variants({ point: null, circle: { radius: f64 } });
 * const circle = { type: "circle", radius: 2 } as const;
 * assert.deepEqual(decode(Shape, encode(Shape, circle)), circle);
 * ```
 */
export function variants<const V extends Variants>(
  specs: V,
  options: VariantsOptions = {},
): Schema<InferVariants<V>> {
  return taggedSum(specs, { reprU8: options.repr === "u8" }) as AnySchema as Schema<
    InferVariants<V>
  >;
}
