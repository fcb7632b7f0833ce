/**
 * {@linkcode struct}.
 *
 * @module
 */
import { Composite, type Fields } from "./fields.ts";
import { declaredLayout, type FieldsLayout, structLayout } from "./layout.ts";
import type { Infer, Schema } from "./schema.ts";

/** The value of a struct with these fields. */
export type InferFields<F> = { -readonly [K in keyof F]: Infer<F[K]> };

/** A schema of {@linkcode struct}. */
export class Struct extends Composite<Fields> {
  readonly kind = "struct";
  /** Whether fields keep their declaration order in memory. */
  readonly reprC: boolean;
  #layout: FieldsLayout | undefined;

  /** See {@linkcode struct}. */
  constructor(schemas: Fields, reprC: boolean) {
    super("a struct", schemas);
    this.reprC = reprC;
  }

  /** Where the parts are. */
  get layout(): FieldsLayout {
    return this.#layout ??= (this.reprC ? declaredLayout : structLayout)(
      Object.values(this.schemas),
    );
  }

  protected get offsets(): readonly number[] {
    return this.layout.offsets;
  }

  describe(): string {
    return `struct${this.reprC ? "@C" : ""}{${this.describeFields()}}`;
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
