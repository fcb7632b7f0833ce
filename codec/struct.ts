/**
 * {@linkcode struct}.
 *
 * @module
 */
import {
  checkFields,
  type Field,
  type Fields,
  type Keyed,
  readFields,
  resolveFields,
  serializeFields,
  setField,
} from "./fields.ts";
import { declaredLayout, type FieldsLayout, type Niche, structLayout } from "./layout.ts";
import type { Reader } from "./reader.ts";
import {
  asRecord,
  checkNames,
  describeName,
  type Infer,
  isSchema,
  type Path,
  refuse,
  Schema,
} from "./schema.ts";
import type { SeaHasher } from "./sea_hash.ts";
import type { Writer } from "./writer.ts";

/** The value of a struct with these fields. */
export type InferFields<F> = { -readonly [K in keyof F]: Infer<F[K]> };

/** A schema of {@linkcode struct}. */
export class Struct extends Schema<Keyed> {
  readonly kind = "struct";
  /** Field schemas by name, in declaration order. */
  readonly schemas: Fields;
  /** Whether fields keep their declaration order in memory. */
  readonly reprC: boolean;
  #flat: boolean | undefined;
  #layout: FieldsLayout | undefined;
  #fields: readonly Field[] | undefined;

  /** See {@linkcode struct}. */
  constructor(schemas: Fields, reprC: boolean) {
    super();
    checkNames("field", Object.keys(schemas));
    for (const [name, schema] of Object.entries(schemas)) {
      if (!isSchema(schema)) {
        throw new TypeError(`Cannot make a struct: field ${name} is not a schema`);
      }
    }
    this.schemas = schemas;
    this.reprC = reprC;
  }

  /** Where the parts are. */
  get layout(): FieldsLayout {
    return this.#layout ??= (this.reprC ? declaredLayout : structLayout)(
      Object.values(this.schemas),
    );
  }

  /** The fields in declaration order, with their places. */
  get fields(): readonly Field[] {
    return this.#fields ??= Object.entries(this.schemas).map(([key, schema], i) => ({
      key,
      schema,
      offset: this.layout.offsets[i]!,
    }));
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
    return this.#flat ??= Object.values(this.schemas).every((schema) => schema.flat);
  }

  serialize(writer: Writer, value: Keyed): void {
    serializeFields(writer, this.fields, value);
  }

  resolve(writer: Writer, at: number, value: Keyed): void {
    resolveFields(writer, this.fields, at, value);
  }

  read(reader: Reader, at: number): Keyed {
    return readFields(reader, this.fields, at, {});
  }

  check(reader: Reader, at: number): void {
    checkFields(reader, this.fields, at);
  }

  accept(value: unknown, path: Path): void {
    const record = asRecord(path, "an object", value);
    for (const { key, schema } of this.fields) {
      if (
        record[key] === undefined && !(key in record) && schema.kind !== "option" &&
        schema.kind !== "unit"
      ) {
        refuse([...path, key], "a value", undefined);
      }
      schema.accept(record[key], [...path, key]);
    }
  }

  describe(): string {
    const fields = Object.entries(this.schemas).map(([name, schema]) =>
      `${describeName(name)}:${schema.describe()}`
    );
    return `struct${this.reprC ? "@C" : ""}{${fields.join(",")}}`;
  }

  defaultValue(): Keyed {
    const value: Keyed = {};
    for (const { key, schema } of this.fields) setField(value, key, schema.defaultValue());
    return value;
  }

  override hash(hasher: SeaHasher, value: Keyed): void {
    for (const { key, schema } of this.fields) schema.hash(hasher, value[key]);
  }

  override compare(a: Keyed, b: Keyed): number {
    for (const { key, schema } of this.fields) {
      const order = schema.compare(a[key], b[key]);
      if (order !== 0) return order;
    }
    return 0;
  }

  override get keyFault(): string | undefined {
    return this.fields.find(({ schema }) => schema.keyFault)?.schema.keyFault;
  }
}

/** How a struct is laid out. */
export interface StructOptions {
  /** `"C"` for peers that build rkyv with its `strict` feature: fields stay in declaration order. */
  readonly repr?: "C";
}

/**
 * A struct with named fields. Their order is wire format: append only.
 *
 * In memory rustc reorders fields, by the rules in `codec/layout.ts`; what lies out of line is
 * written in declaration order.
 *
 * A newtype (`struct Id(u32)`) is archived as what it wraps and needs no schema of its own; for a
 * tuple struct see {@linkcode tupleStruct}.
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
  return new Struct(fields, options.repr === "C") as unknown as Schema<InferFields<F>>;
}
