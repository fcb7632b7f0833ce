/**
 * Fields at offsets: {@linkcode struct}, {@linkcode tuple}, {@linkcode tupleStruct}, and the arms of sums.
 *
 * @module
 */
import {
  declaredLayout,
  type FieldsLayout,
  laidOut,
  type Layout,
  structLayout,
  tupleLayout,
} from "./layout.ts";
import type { Reader } from "./reader.ts";
import {
  type AnySchema,
  type Composite,
  type Field,
  type Infer,
  once,
  type Schema,
} from "./schema.ts";
import { textOf } from "./signature.ts";
import type { Writer } from "./writer.ts";

/** Named schemas, in declaration order: the order is wire format. */
export type Fields = Readonly<Record<string, AnySchema>>;

/** Schemas by position. */
export type Items = readonly AnySchema[];

/** A value with fields, by key. */
export type Keyed = Record<string | number, unknown>;

/** The writing and reading of fields. */
export interface FieldsSchema extends Pick<Schema<unknown>, "write" | "read"> {
  /** The fields, in declaration order. */
  readonly fields: readonly Field[];
  /** Their schemas, by name or by position. */
  readonly schemas: Fields | Items;
  /** Read them into a value with other properties. */
  readInto(reader: Reader, at: number, target: Keyed): Keyed;
}

/** Fields at offsets, written and read in this order. */
export function fieldsAt(
  schemas: Fields | Items,
  offsets: () => readonly number[],
  inOrder?: (fields: readonly Field[]) => readonly Field[],
): FieldsSchema {
  const isArray = Array.isArray(schemas);
  const hasProto = Object.hasOwn(schemas, "__proto__");
  const fields = once(() =>
    Object.entries(schemas).map(([name, schema], i): Field => ({
      key: isArray ? i : name,
      schema,
      offset: offsets()[i]!,
    }))
  );
  let order: readonly Field[] | undefined;
  const ordered = (): readonly Field[] => order = inOrder ? inOrder(fields()) : fields();
  const readInto = (reader: Reader, at: number, target: Keyed): Keyed => {
    // Own properties first: assigning `__proto__` would set the prototype.
    if (hasProto) target = { ...target, ...schemas as Fields };
    const { path } = reader;
    const step = reader.steps++;
    const all = order ?? ordered();
    for (let i = 0; i < all.length; i++) {
      const { key, schema, offset } = all[i]!;
      path[step] = key;
      target[key] = schema.read(reader, at + offset);
    }
    reader.steps = step;
    return target;
  };
  return {
    get fields() {
      return fields();
    },
    write(writer: Writer, at, value) {
      if (
        typeof value !== "object" || !value || isArray !== Array.isArray(value) ||
        (isArray && (value as unknown[]).length !== schemas.length)
      ) {
        writer.refuse(isArray ? `an array of ${schemas.length}` : "an object", value);
      }
      const { path } = writer;
      const step = writer.steps++;
      for (const { key, schema, offset } of order ?? ordered()) {
        path[step] = key;
        schema.write(writer, at + offset, (value as Keyed)[key]);
      }
      writer.steps = step;
    },
    read: (reader, at) =>
      readInto(
        reader,
        at, // With its final length: an array that grows, or is filled from its end, is slow.
        isArray ? schemas.slice() as unknown as Keyed : {},
      ),
    readInto,
    schemas,
  };
}

/** A type with fields, whose layout is computed on first use. */
export function composite(
  kind: Composite["kind"],
  prefix: string,
  schemas: Fields | Items,
  place: (fields: readonly Layout[]) => FieldsLayout,
  own?: Partial<Pick<Composite, "name" | "reprC" | "text">>,
  inOrder?: (fields: readonly Field[]) => readonly Field[],
): Composite {
  const layout = once(() => place(Object.values(schemas)));
  const schema = Object.assign(fieldsAt(schemas, () => layout().offsets, inOrder), {
    kind,
    text: () => prefix + textOf(schemas),
  }, own);
  return laidOut(layout, schema);
}

/** The value of a struct with these fields. */
export type InferFields<F> = { -readonly [K in keyof F]: Infer<F[K]> };

/** The value of a tuple of these schemas. */
export type InferItems<I extends Items> = { -readonly [K in keyof I]: Infer<I[K]> };

/** Options of a struct's layout. */
export interface StructOptions {
  /** `"C"` for peers with rkyv's `strict` feature: fields stay in declaration order. */
  readonly repr?: "C";
}

/**
 * A struct with named fields. Their order is wire format: append only.
 *
 * rustc reorders fields in memory, by the rules in `codec/layout.ts`. Out-of-line parts are written in declaration
 * order.
 *
 * A newtype (`struct Id(u32)`) has the archive of the wrapped type and needs no schema. For a tuple struct see
 * {@linkcode tupleStruct}.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { encode, struct, u16, u32, u8 } from "@hardlight/hardlight/codec";
 *
 * const schema = struct({ a: u8, b: u32, c: u16 });
 * assert.deepEqual(
 *   encode(schema, { a: 1, b: 2, c: 3 }),
 *   Uint8Array.of(2, 0, 0, 0, 3, 0, 1, 0), // memory order b, c, a
 * );
 * ```
 */
export function struct<const F extends Fields>(
  fields: F,
  options: StructOptions = {},
): Schema<InferFields<F>> {
  const schema = options.repr === "C"
    ? composite("struct", "struct@C", fields, declaredLayout, { reprC: true })
    : composite("struct", "struct", fields, structLayout);
  return schema as Schema<unknown> as Schema<InferFields<F>>;
}

/**
 * A tuple of 1 to 12 elements, as an array.
 *
 * rustc reorders all but the last element in memory; rkyv writes out-of-line parts from the last element to the first.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, string, tuple, u32 } from "@hardlight/hardlight/codec";
 *
 * const pair = tuple(string, u32);
 * assert.deepEqual(decode(pair, encode(pair, ["a", 1])), ["a", 1]);
 * ```
 */
export function tuple<const I extends Items>(...items: I): Schema<InferItems<I>> {
  return composite(
    "tuple",
    "",
    items,
    tupleLayout,
    {},
    (fields) => [...fields].reverse(),
  ) as Schema<unknown> as Schema<InferItems<I>>;
}

/**
 * A struct with unnamed fields (`struct P(u8, u32)`), as an array; laid out and written as a {@linkcode struct}.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, tupleStruct, u32, u8 } from "@hardlight/hardlight/codec";
 *
 * const Point = tupleStruct(u8, u32);
 * assert.deepEqual(decode(Point, encode(Point, [1, 2])), [1, 2]);
 * ```
 */
export function tupleStruct<const I extends Items>(...items: I): Schema<InferItems<I>> {
  return composite("tstruct", "struct", items, structLayout) as Schema<unknown> as Schema<
    InferItems<I>
  >;
}
