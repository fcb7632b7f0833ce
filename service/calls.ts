/**
 * {@linkcode CallSchema}: how calls are archived.
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
} from "../codec/fields.ts";
import { type EnumLayout, enumLayout, type Niche } from "../codec/layout.ts";
import type { Reader } from "../codec/reader.ts";
import { asRecord, type Path, Schema } from "../codec/schema.ts";
import type { Writer } from "../codec/writer.ts";

/** One method of a service. */
export interface MethodInfo {
  /** Its place, which is its tag on the wire. */
  readonly index: number;
  /** Its name. */
  readonly name: string;
  /** How a call of it is archived; the value is the arguments alone. For writing. */
  readonly call: Schema<unknown>;
  /** How its output is archived. */
  readonly output: Schema<unknown>;
  /** Whether it has an output: `()` is none. */
  readonly hasOutput: boolean;
}

/** Names and arguments of the methods, in declaration order. */
export type MethodArgs = readonly { readonly name: string; readonly args: Fields }[];

interface Variant {
  readonly name: string;
  readonly fields: readonly Field[];
  readonly flat: boolean;
}

/**
 * All calls of a service: an enum with one variant a method, in declaration order.
 *
 * Its value, when read, is the arguments alone; {@linkcode CallSchema.method} then says whose they are.
 *
 * Rust: `hardlight-macros`, `RpcCall`.
 */
export class CallSchema extends Schema<Keyed> {
  readonly kind = "call";
  readonly size: number;
  readonly align: number;
  readonly niche: Niche | undefined;
  readonly flat = false;
  /** Bytes of the tag. */
  readonly tagBytes: EnumLayout["tagBytes"];
  readonly #variants: readonly Variant[];
  /** The method of the call that was read last. */
  method = 0;

  /** Create for the methods of a service. */
  constructor(methods: MethodArgs) {
    super();
    const layout = enumLayout(methods.map(({ args }) => Object.values(args)));
    this.size = layout.size;
    this.align = layout.align;
    this.niche = layout.niche;
    this.tagBytes = layout.tagBytes;
    this.#variants = methods.map(({ name, args }, tag) => ({
      name,
      fields: Object.entries(args).map(([key, schema], i) => ({
        key,
        schema,
        offset: layout.variants[tag]![i]!,
      })),
      flat: Object.values(args).every((schema) => schema.flat),
    }));
  }

  /** The schema of the calls of one method, for writing them. */
  of(method: number): Schema<Keyed> {
    const { fields, flat } = this.#variants[method]!;
    return new MethodCall(this, method, fields, flat);
  }

  #read(reader: Reader, at: number): Variant {
    const { view } = reader;
    const tag = this.tagBytes === 1
      ? view.getUint8(at)
      : this.tagBytes === 2
      ? view.getUint16(at, true)
      : view.getUint32(at, true);
    const variant = this.#variants[tag];
    if (variant === undefined) {
      reader.fail("InvalidTag", at, `a method below ${this.#variants.length}`);
    }
    this.method = tag;
    return variant;
  }

  read(reader: Reader, at: number): Keyed {
    // The method is kept for last: a conversion in a field may read a call of its own.
    const { fields } = this.#read(reader, at);
    const { method } = this;
    const args = readFields(reader, fields, at, {});
    this.method = method;
    return args;
  }

  check(reader: Reader, at: number): void {
    const { name, fields } = this.#read(reader, at);
    reader.path.push(name);
    checkFields(reader, fields, at);
    reader.path.pop();
  }

  serialize(): void {
    throw new TypeError("Cannot write a call of no method");
  }

  resolve(): void {
    throw new TypeError("Cannot write a call of no method");
  }

  accept(): void {
    throw new TypeError("Cannot write a call of no method");
  }

  describe(): string {
    const variants = this.#variants.map(({ name, fields }) =>
      `${name}{${fields.map(({ key, schema }) => `${key}:${schema.describe()}`).join(",")}}`
    );
    return `calls{${variants.join(",")}}`;
  }

  defaultValue(): never {
    throw new TypeError("Cannot default a call");
  }
}

/** The calls of one method: the value is its arguments; what is written is the whole enum. */
class MethodCall extends Schema<Keyed> {
  readonly kind = "call";
  readonly size: number;
  readonly align: number;
  readonly niche: Niche | undefined;
  readonly flat: boolean;
  readonly #calls: CallSchema;
  readonly #method: number;
  readonly #fields: readonly Field[];

  constructor(calls: CallSchema, method: number, fields: readonly Field[], flat: boolean) {
    super();
    this.size = calls.size;
    this.align = calls.align;
    this.niche = calls.niche;
    this.flat = flat;
    this.#calls = calls;
    this.#method = method;
    this.#fields = fields;
  }

  serialize(writer: Writer, args: Keyed): void {
    serializeFields(writer, this.#fields, args);
  }

  resolve(writer: Writer, at: number, args: Keyed): void {
    const { tagBytes } = this.#calls;
    if (tagBytes === 1) writer.bytes[at] = this.#method;
    else if (tagBytes === 2) writer.view.setUint16(at, this.#method, true);
    else writer.view.setUint32(at, this.#method, true);
    resolveFields(writer, this.#fields, at, args);
  }

  read(reader: Reader, at: number): Keyed {
    return this.#calls.read(reader, at);
  }

  check(reader: Reader, at: number): void {
    this.#calls.check(reader, at);
  }

  accept(value: unknown, path: Path): void {
    const record = asRecord(path, "an object of arguments", value);
    for (const { key, schema } of this.#fields) schema.accept(record[key], [...path, key]);
  }

  describe(): string {
    return this.#calls.describe();
  }

  defaultValue(): never {
    throw new TypeError("Cannot default a call");
  }
}
