/**
 * Values as Rust's `{:?}` writes them, but for the names of structs.
 *
 * @module
 */
import { FixedArray } from "../../codec/array.ts";
import { Box } from "../../codec/box.ts";
import { BTreeMapSchema } from "../../codec/btree_map.ts";
import { HashMapSchema } from "../../codec/hash_map.ts";
import { Option } from "../../codec/option.ts";
import { ResultSchema } from "../../codec/result.ts";
import type { Schema } from "../../codec/schema.ts";
import { Struct } from "../../codec/struct.ts";
import { Tuple } from "../../codec/tuple.ts";
import { VariantsSchema } from "../../codec/variants.ts";
import { Vec } from "../../codec/vec.ts";

type Keyed = Record<string, unknown>;

/** What Rust wrote, without the names of structs. */
export function withoutNames(text: string): string {
  return text.replaceAll("UnitStruct", "()").replaceAll(
    /\b(Inner|Outer|Mixed|Newtype) ?(?=[{(])/g,
    "",
  );
}

function float(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value < 0 ? "-inf" : "inf";
  const text = Object.is(value, -0) ? "-0" : String(value);
  return Number.isInteger(value) ? `${text}.0` : text;
}

function fieldsOf(schema: Struct, value: unknown): string {
  const fields = schema.fields.map(({ key, schema }) =>
    `${key}: ${debug(schema, (value as Keyed)[String(key)])}`
  );
  return `{ ${fields.join(", ")} }`;
}

function variantOf(schema: VariantsSchema, value: unknown): string {
  const record = value as Keyed;
  const { name, shape, fields } = schema.variants.find(({ name }) => name === record["type"])!;
  const holder = shape === "items" ? record["value"] as Keyed : record;
  const parts = fields.map(({ key, schema }) => debug(schema, holder[String(key)]));
  const rust = name.slice(0, 1).toUpperCase() + name.slice(1);
  if (shape === "unit") return rust;
  if (shape !== "named") return `${rust}(${parts.join(", ")})`;
  return `${rust} { ${fields.map(({ key }, i) => `${key}: ${parts[i]}`).join(", ")} }`;
}

/** A value as Rust's `{:?}` writes it. */
export function debug(schema: Schema<unknown>, value: unknown): string {
  if (schema.kind === "unit") return "()";
  if (schema.kind === "bytes") return `[${(value as Uint8Array).join(", ")}]`;
  if (schema.kind === "char") return `'${value}'`;
  if (schema.kind === "f32" || schema.kind === "f64") return float(value as number);
  if (schema instanceof Box) return debug(schema.item, value);
  if (schema instanceof Struct) return fieldsOf(schema, value);
  if (schema instanceof VariantsSchema) return variantOf(schema, value);
  if (schema instanceof Option) {
    return value === null ? "None" : `Some(${debug(schema.some, value)})`;
  }
  if (schema instanceof ResultSchema) {
    const { ok, err } = value as Keyed;
    return err === undefined ? `Ok(${debug(schema.ok, ok)})` : `Err(${debug(schema.err, err)})`;
  }
  if (schema instanceof Tuple) {
    const items = schema.schemas.map((item, i) => debug(item, (value as unknown[])[i]));
    return `(${items.join(", ")})`;
  }
  if (schema instanceof Vec || schema instanceof FixedArray) {
    return `[${
      [...value as Iterable<unknown>].map((item) => debug(schema.item, item)).join(", ")
    }]`;
  }
  if (schema instanceof HashMapSchema || schema instanceof BTreeMapSchema) {
    const entries = [...value as Map<unknown, unknown>];
    const texts = entries.map(([key, item]) =>
      `${debug(schema.key, key)}: ${debug(schema.value, item)}`
    );
    return `{${texts.join(", ")}}`;
  }
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
