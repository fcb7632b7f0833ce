/**
 * {@linkcode Payload}: one variant of an enum, whose value is its fields alone.
 *
 * @module
 */
import { checkFields, type Keyed, readFields, resolveFields, serializeFields } from "./fields.ts";
import type { Niche } from "./layout.ts";
import type { Reader } from "./reader.ts";
import { asRecord, type Path, Schema } from "./schema.ts";
import { readTag, type Variant, type VariantsSchema, writeTag } from "./variants.ts";
import type { Writer } from "./writer.ts";

/**
 * One variant of an enum: archived as the whole enum is, while the value is the variant's fields.
 *
 * For those who know the variant beforehand: a call's method.
 */
export class Payload extends Schema<Keyed> {
  readonly kind = "payload";
  /** The enum. */
  readonly owner: VariantsSchema;
  /** The variant. */
  readonly variant: Variant;

  /** Create for a variant of named fields. */
  constructor(owner: VariantsSchema, tag: number) {
    super();
    this.owner = owner;
    this.variant = owner.variants[tag]!;
  }

  get size(): number {
    return this.owner.size;
  }

  get align(): number {
    return this.owner.align;
  }

  get niche(): Niche | undefined {
    return this.owner.niche;
  }

  get flat(): boolean {
    return this.variant.flat;
  }

  serialize(writer: Writer, value: Keyed): void {
    serializeFields(writer, this.variant.fields, value);
  }

  resolve(writer: Writer, at: number, value: Keyed): void {
    writeTag(writer, this.owner, at, this.variant.tag);
    resolveFields(writer, this.variant.fields, at, value);
  }

  #checkTag(reader: Reader, at: number): void {
    if (readTag(reader, this.owner, at) !== this.variant.tag) {
      reader.fail("InvalidTag", at, `tag ${this.variant.tag}`);
    }
  }

  read(reader: Reader, at: number): Keyed {
    this.#checkTag(reader, at);
    return readFields(reader, this.variant.fields, at, {});
  }

  check(reader: Reader, at: number): void {
    this.#checkTag(reader, at);
    reader.path.push(this.variant.name);
    checkFields(reader, this.variant.fields, at);
    reader.path.pop();
  }

  accept(value: unknown, path: Path): void {
    const { fields } = this.variant;
    if (fields.length === 0 && value === undefined) return;
    const record = asRecord(path, "an object", value) as Keyed;
    for (const { key, schema } of fields) schema.accept(record[key], [...path, key]);
  }

  describe(): string {
    return this.owner.describe();
  }

  defaultValue(): never {
    throw new TypeError("Cannot default one variant of an enum");
  }
}
