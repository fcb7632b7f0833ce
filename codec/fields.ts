/**
 * What structs, tuples and variants share: fields at offsets, written and checked in one order.
 *
 * @module
 */
import type { Reader } from "./reader.ts";
import type { Schema } from "./schema.ts";
import type { Writer } from "./writer.ts";

/** Named schemas, in declaration order: the order is wire format. */
export type Fields = Readonly<Record<string, Schema<unknown>>>;

/** One field. */
export interface Field {
  /** Its key in the value: a name, or an index. */
  readonly key: string | number;
  /** How it is archived. */
  readonly schema: Schema<unknown>;
  /** Where, from the start of its owner. */
  readonly offset: number;
}

/** A value with fields, by key. */
export type Keyed = Record<string | number, unknown>;

/** Write what lies out of line of each field, in order. */
export function serializeFields(writer: Writer, fields: readonly Field[], value: Keyed): void {
  for (const { key, schema } of fields) {
    if (!schema.flat) schema.serialize(writer, value[key]);
  }
}

/** Fill each field, in the order they were serialized. */
export function resolveFields(
  writer: Writer,
  fields: readonly Field[],
  at: number,
  value: Keyed,
): void {
  for (const { key, schema, offset } of fields) schema.resolve(writer, at + offset, value[key]);
}

/** Set a field even when it is named `__proto__`. */
export function setField(target: Keyed, key: string | number, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(target, key, {
      value,
      enumerable: true,
      writable: true,
      configurable: true,
    });
  } else {
    target[key] = value;
  }
}

/** Read each field in order, into `target`. */
export function readFields<T extends Keyed>(
  reader: Reader,
  fields: readonly Field[],
  at: number,
  target: T,
): T {
  for (const { key, schema, offset } of fields) {
    setField(target, key, schema.read(reader, at + offset));
  }
  return target;
}

/** Check each field in order. */
export function checkFields(reader: Reader, fields: readonly Field[], at: number): void {
  for (const { key, schema, offset } of fields) {
    reader.path.push(key);
    schema.check(reader, at + offset);
    reader.path.pop();
  }
}
