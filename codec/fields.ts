/**
 * {@linkcode Composite}: what structs, tuples and variants share, fields at offsets.
 *
 * @module
 */
import type { Layout, Niche } from "./layout.ts";
import { BAD_VALUE } from "./primitives.ts";
import type { Reader } from "./reader.ts";
import { checkNames, describeName, isSchema, type Path, refuse, Schema } from "./schema.ts";
import type { SeaHasher } from "./sea_hash.ts";
import type { Writer } from "./writer.ts";

/** Named schemas, in declaration order: the order is wire format. */
export type Fields = Readonly<Record<string, Schema<unknown>>>;

/** Schemas by position. */
export type Items = readonly Schema<unknown>[];

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

/** Fields at offsets, written and checked in one order; their value is an object, or an array. */
export abstract class Composite<S extends Fields | Items = Fields | Items> extends Schema<Keyed> {
  /** Field schemas, in declaration order. */
  readonly schemas: S;
  #flat: boolean | undefined;
  #footprint: number | undefined;
  #declared: readonly Field[] | undefined;

  /** Size and alignment. */
  abstract readonly layout: Layout;
  /** Offset of each field, in declaration order. */
  protected abstract readonly offsets: readonly number[];

  /** Create of fields; `what` they make is for messages. */
  constructor(what: string, schemas: S) {
    super();
    if (!Array.isArray(schemas)) checkNames("field", Object.keys(schemas));
    for (const [name, schema] of Object.entries(schemas)) {
      if (!isSchema(schema)) {
        throw new TypeError(`Cannot make ${what}: field ${name} is not a schema`);
      }
    }
    this.schemas = schemas;
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

  override get footprint(): number {
    return this.#footprint ??= Object.values(this.schemas).reduce(
      (sum, { footprint }) => sum + 8 + footprint,
      Array.isArray(this.schemas) ? 48 : 24,
    );
  }

  /** The fields in declaration order, with their places. */
  get declared(): readonly Field[] {
    return this.#declared ??= Object.entries(this.schemas).map(([name, schema], i) => ({
      key: Array.isArray(this.schemas) ? i : name,
      schema,
      offset: this.offsets[i]!,
    }));
  }

  /** The fields in the order they are written. */
  get fields(): readonly Field[] {
    return this.declared;
  }

  #isKeyed(value: unknown): value is Keyed {
    return Array.isArray(this.schemas)
      ? Array.isArray(value) && value.length === this.schemas.length
      : typeof value === "object" && value !== null && !Array.isArray(value);
  }

  serialize(writer: Writer, value: Keyed): void {
    if (!this.#isKeyed(value)) throw BAD_VALUE;
    for (const { key, schema } of this.fields) {
      if (!schema.flat) schema.serialize(writer, value[key]);
    }
  }

  resolve(writer: Writer, at: number, value: Keyed): void {
    if (!this.#isKeyed(value)) throw BAD_VALUE;
    for (const { key, schema, offset } of this.fields) {
      schema.resolve(writer, at + offset, value[key]);
    }
  }

  /** Read each field in order, into `target`. */
  read(reader: Reader, at: number, target: Keyed = this.#empty()): Keyed {
    for (const { key, schema, offset } of this.fields) {
      setField(target, key, schema.read(reader, at + offset));
    }
    return target;
  }

  #empty(): Keyed {
    if (!Array.isArray(this.schemas)) return {};
    return new Array<unknown>(this.schemas.length).fill(undefined) as unknown as Keyed;
  }

  check(reader: Reader, at: number): void {
    for (const { key, schema, offset } of this.fields) {
      reader.path.push(key);
      schema.check(reader, at + offset);
      reader.path.pop();
    }
  }

  accept(value: unknown, path: Path): void {
    if (!this.#isKeyed(value)) {
      const { schemas } = this;
      refuse(path, Array.isArray(schemas) ? `an array of ${schemas.length}` : "an object", value);
    }
    for (const { key, schema } of this.fields) schema.accept(value[key], [...path, key]);
  }

  /** The fields as they stand in {@linkcode Schema.describe}. */
  protected describeFields(): string {
    return Object.entries(this.schemas).map(([name, schema]) =>
      (Array.isArray(this.schemas) ? "" : `${describeName(name)}:`) + schema.describe()
    ).join();
  }

  defaultValue(): Keyed {
    const value = this.#empty();
    for (const { key, schema } of this.declared) setField(value, key, schema.defaultValue());
    return value;
  }

  override hash(hasher: SeaHasher, value: Keyed): void {
    for (const { key, schema } of this.declared) schema.hash(hasher, value[key]);
  }

  override compare(a: Keyed, b: Keyed): number {
    for (const { key, schema } of this.declared) {
      const order = schema.compare(a[key], b[key]);
      if (order !== 0) return order;
    }
    return 0;
  }

  override get keyFault(): string | undefined {
    return Object.values(this.schemas).find((schema) => schema.keyFault)?.keyFault;
  }
}

/** Set a field even when it is named `__proto__`. */
function setField(target: Keyed, key: string | number, value: unknown): void {
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
