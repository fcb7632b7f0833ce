/**
 * Values as Rust's `{:?}` writes them, but for the names of structs.
 *
 * @module
 */
import { type Composite, isSchema, type Node, type Schema, type Sum } from "../../codec/schema.ts";

type Keyed = Record<string, unknown>;

/** Rust's output, without the names of structs. */
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

function fieldsOf(schema: Composite, value: unknown): string {
  const fields = schema.fields.map(({ key, schema }) =>
    `${key}: ${debug(schema, (value as Keyed)[String(key)])}`
  );
  return `{ ${fields.join(", ")} }`;
}

function variantOf(schema: Sum, value: unknown): string {
  const record = value as Keyed;
  const { name, spec, fields } = schema.arms.find(({ name }) => name === record["type"])!;
  const holder = Array.isArray(spec) ? record["value"] as Keyed : record;
  const parts = fields.map(({ key, schema }) => debug(schema, holder[String(key)]));
  const rust = name.slice(0, 1).toUpperCase() + name.slice(1);
  if (spec === null) return rust;
  if (isSchema(spec) || Array.isArray(spec)) return `${rust}(${parts.join(", ")})`;
  return `${rust} { ${fields.map(({ key }, i) => `${key}: ${parts[i]}`).join(", ")} }`;
}

/** A value as Rust's `{:?}` writes it. */
export function debug(schema: Schema<unknown>, value: unknown): string {
  const node = schema as Node;
  if (schema.kind === "unit") return "()";
  if (schema.kind === "bytes") return `[${(value as Uint8Array).join(", ")}]`;
  if (schema.kind === "char") return `'${value}'`;
  if (schema.kind === "f32" || schema.kind === "f64") return float(value as number);
  if (node.kind === "box") return debug(node.item, value);
  if (node.kind === "struct") return fieldsOf(node, value);
  if (node.kind === "variants") return variantOf(node, value);
  if (node.kind === "option") {
    return value === null ? "None" : `Some(${debug(node.arms[1]!.fields[0]!.schema, value)})`;
  }
  if (node.kind === "result") {
    const { ok, err } = value as Keyed;
    return err === undefined
      ? `Ok(${debug(node.arms[0]!.fields[0]!.schema, ok)})`
      : `Err(${debug(node.arms[1]!.fields[0]!.schema, err)})`;
  }
  if (node.kind === "tuple" || node.kind === "tstruct") {
    const items = node.fields.map((field, i) => debug(field.schema, (value as unknown[])[i]));
    return `(${items.join(", ")})`;
  }
  if (node.kind === "vec" || node.kind === "boxslice" || node.kind === "array") {
    return `[${[...value as Iterable<unknown>].map((item) => debug(node.item, item)).join(", ")}]`;
  }
  if (node.kind === "hashmap" || node.kind === "btreemap") {
    const entries = [...value as Map<unknown, unknown>];
    const texts = entries.map(([key, item]) =>
      `${debug(node.key, key)}: ${debug(node.item, item)}`
    );
    return `{${texts.join(", ")}}`;
  }
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}
