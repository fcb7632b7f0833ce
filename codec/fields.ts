/**
 * Fields at offsets: what structs, tuples and the arms of sums share.
 *
 * @module
 */
import {
  declaredLayout,
  type FieldsLayout,
  type Layout,
  structLayout,
  tupleLayout,
} from "./layout.ts";
import type { Reader } from "./reader.ts";
import { type AnySchema, type Composite, type Field, isSchema, once } from "./schema.ts";
import type { Writer } from "./writer.ts";

/** Named schemas, in declaration order: the order is wire format. */
export type Fields = Readonly<Record<string, AnySchema>>;

/** Schemas by position. */
export type Items = readonly AnySchema[];

/** A value with fields, by key. */
export type Keyed = Record<string | number, unknown>;

/** What objects put before all else. */
const INDEX = /^(?:0|[1-9]\d*)$/;

/** Refuse field and variant names that cannot keep their order in an object. */
export function checkNames(what: string, names: readonly string[]): void {
  for (const name of names) {
    if (name === "" || INDEX.test(name)) {
      throw new TypeError(
        `Cannot name a ${what} "${name}": it is empty, or a number, which would come first in an object`,
      );
    }
  }
}

/** Refuse what are no schemas; `what` they make is for messages. */
export function checkFields(what: string, schemas: Fields | Items): void {
  if (!Array.isArray(schemas)) checkNames("field", Object.keys(schemas));
  for (const [name, schema] of Object.entries(schemas)) {
    if (!isSchema(schema)) {
      throw new TypeError(`Cannot make ${what}: field ${name} is not a schema`);
    }
  }
}

/** Whether a value has the shape that fields are read from. */
export function isKeyed(value: unknown, schemas: Fields | Items): value is Keyed {
  if (typeof value !== "object" || value === null) return false;
  return Array.isArray(schemas)
    ? Array.isArray(value) && value.length === schemas.length
    : !Array.isArray(value);
}

/** What {@linkcode isKeyed} asks for, in words. */
export function expectedKeyed(schemas: Fields | Items): string {
  return Array.isArray(schemas) ? `an array of ${schemas.length}` : "an object";
}

/** Fields in declaration order, at their offsets. */
export function placeFields(schemas: Fields | Items, offsets: readonly number[]): Field[] {
  return Object.entries(schemas).map(([name, schema], i) => ({
    key: Array.isArray(schemas) ? i : name,
    schema,
    offset: offsets[i]!,
  }));
}

/** Write each field of an object in order. */
export function writeFields(
  writer: Writer,
  at: number,
  fields: readonly Field[],
  value: Keyed,
): void {
  const step = writer.steps++;
  for (const { key, schema, offset } of fields) {
    writer.path[step] = key;
    schema.write(writer, at + offset, value[key]);
  }
  writer.steps = step;
}

/** Read each field of an object in order, into `target`. */
export function readFields(
  reader: Reader,
  at: number,
  fields: readonly Field[],
  target: Keyed,
): Keyed {
  const step = reader.steps++;
  for (const { key, schema, offset } of fields) {
    reader.path[step] = key;
    const value = schema.read(reader, at + offset);
    if (key === "__proto__") defineField(target, key, value);
    else target[key] = value;
  }
  reader.steps = step;
  return target;
}

/** Assigned, it would be the prototype. */
function defineField(target: Keyed, key: string, value: unknown): void {
  Object.defineProperty(target, key, {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  });
}

/** An empty value for {@linkcode readFields}. */
export function emptyKeyed(schemas: Fields | Items): Keyed {
  if (!Array.isArray(schemas)) return {};
  return new Array<unknown>(schemas.length).fill(undefined) as unknown as Keyed;
}

type Place = (fields: readonly Layout[]) => FieldsLayout;

const PLACES: Readonly<Record<Composite["kind"], Place>> = {
  struct: structLayout,
  tuple: tupleLayout,
  tstruct: structLayout,
};

/** A type of fields. */
export function composite(
  kind: Composite["kind"],
  schemas: Fields | Items,
  own: { readonly name?: string; readonly reprC?: boolean } = {},
): Composite {
  checkFields(kind === "struct" ? "a struct" : "a tuple", schemas);
  const { name, reprC = false } = own;
  const layout = once(() => (reprC ? declaredLayout : PLACES[kind])(Object.values(schemas)));
  const fields = once(() => placeFields(schemas, layout().offsets));
  // rkyv writes a tuple's elements from the last to the first.
  const order = kind === "tuple" ? once(() => [...fields()].reverse()) : fields;
  const flat = once(() => Object.values(schemas).every((schema) => schema.flat));
  return {
    kind,
    name,
    reprC,
    nullable: false,
    functions: undefined,
    get size() {
      return layout().size;
    },
    get align() {
      return layout().align;
    },
    get niche() {
      return layout().niche;
    },
    get flat() {
      return flat();
    },
    get fields() {
      return fields();
    },
    write(writer: Writer, at, value) {
      if (!isKeyed(value, schemas)) writer.refuse(expectedKeyed(schemas), value);
      writeFields(writer, at, order(), value);
    },
    read: (reader, at) => readFields(reader, at, order(), emptyKeyed(schemas)),
  };
}
