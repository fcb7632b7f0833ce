/**
 * Fields at offsets, shared by structs, tuples and the arms of sums.
 *
 * @module
 */
import { type FieldsLayout, laidOut, type Layout } from "./layout.ts";
import type { Reader } from "./reader.ts";
import {
  type AnySchema,
  type Composite,
  type Field,
  type Naming,
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
  const fields = once(() =>
    Object.entries(schemas).map(([name, schema], i): Field => ({
      key: isArray ? i : name,
      schema,
      offset: offsets()[i]!,
    }))
  );
  const order = inOrder ? once(() => inOrder(fields())) : fields;
  const readInto = (reader: Reader, at: number, target: Keyed): Keyed => {
    const step = reader.steps++;
    for (const { key, schema, offset } of order()) {
      reader.path[step] = key;
      const value = schema.read(reader, at + offset);
      // Assigning `__proto__` would set the prototype.
      if (key === "__proto__") target = { ...target, ["__proto__"]: value };
      else target[key] = value;
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
        typeof value !== "object" || value === null || isArray !== Array.isArray(value) ||
        (isArray && (value as unknown[]).length !== schemas.length)
      ) {
        writer.refuse(isArray ? `an array of ${schemas.length}` : "an object", value);
      }
      const step = writer.steps++;
      for (const { key, schema, offset } of order()) {
        writer.path[step] = key;
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
    text: (naming: Naming) => prefix + textOf(schemas, naming),
  }, own);
  return laidOut(layout, schema);
}
