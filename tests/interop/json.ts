/**
 * Our values in the peer's JSON, which `tests/vectors/README.md` describes, by their schemas.
 *
 * Names there are Rust's: `echoU8` is `echo_u8`, variant `rect` is `Rect`.
 *
 * @module
 */
import { decodeHex, encodeHex } from "@std/encoding";
import { type Arm, isSchema, type Node, type Schema, type Sum } from "../../codec/schema.ts";
import { Topic } from "../../mod.ts";
import type { Json, JsonObject } from "./peer.ts";

type Value = unknown;
type Keyed = Record<string, Value>;

/** `echoU8` → `echo_u8`. */
export function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** `rect` → `Rect`. */
function capitalized(name: string): string {
  return name.slice(0, 1).toUpperCase() + name.slice(1);
}

const BITS = new DataView(new ArrayBuffer(8));

function floatToJson(kind: string, value: number): Json {
  if (kind === "f32") BITS.setFloat32(0, value);
  else BITS.setFloat64(0, value);
  const bits = kind === "f32" ? BigInt(BITS.getUint32(0)) : BITS.getBigUint64(0);
  return `0x${bits.toString(16).padStart(kind === "f32" ? 8 : 16, "0")}`;
}

function floatFromJson(kind: string, json: Json): number {
  if (kind === "f32") BITS.setUint32(0, Number(json));
  else BITS.setBigUint64(0, BigInt(String(json)));
  return kind === "f32" ? BITS.getFloat32(0) : BITS.getFloat64(0);
}

/** The value of an arm with one field. */
function armSchema({ arms }: Sum, tag: number): Schema<Value> {
  return arms[tag]!.fields[0]!.schema;
}

const WIDE: ReadonlySet<string> = new Set(["u64", "i64", "u128", "i128"]);

/** A hash map's entries have no meaningful order; the peer sorts them by their text. */
function sorted(schema: Schema<Value>, entries: Json[]): Json[] {
  if (!schema.kind.startsWith("hash")) return entries;
  return entries.sort((a, b) => JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
}

function fieldsToJson(variant: Arm, value: Value): Json[] {
  const holder = Array.isArray(variant.spec) ? (value as Keyed)["value"] as Keyed : value as Keyed;
  return variant.fields.map(({ key, schema }) => toJson(schema, holder[key]));
}

function variantToJson(schema: Sum, value: Value): Json {
  const variant = schema.arms.find(({ name }) => name === (value as Keyed)["type"])!;
  const v = capitalized(variant.name);
  const parts = fieldsToJson(variant, value);
  if (variant.spec === null) return { v };
  if (isSchema(variant.spec) || Array.isArray(variant.spec)) return { v, t: parts };
  const names = variant.fields.map(({ key }) => snakeCase(String(key)));
  return { v, f: Object.fromEntries(names.map((name, i) => [name, parts[i]!])) };
}

function variantFromJson(schema: Sum, json: Json): Value {
  const { v, t, f } = json as { v: string; t?: Json[]; f?: JsonObject };
  const variant = schema.arms.find(({ name }) => capitalized(name) === v)!;
  const type = variant.name;
  const parts = variant.fields.map(({ key, schema }, i) =>
    fromJson(schema, t === undefined ? f![snakeCase(String(key))]! : t[i]!)
  );
  if (Array.isArray(variant.spec)) return { type, value: parts };
  return Object.fromEntries([
    ["type", type],
    ...variant.fields.map(({ key }, i) => [key, parts[i]]),
  ]);
}

/** A value in the peer's JSON. */
export function toJson(schema: Schema<Value>, value: Value): Json {
  const node = schema as Node;
  const { kind } = node;
  if (WIDE.has(kind)) return String(value);
  if (kind === "f32" || kind === "f64") return floatToJson(kind, value as number);
  if (kind === "unit") return null;
  if (kind === "bytes") return encodeHex(value as Uint8Array);
  if (value instanceof Topic) return { inner: encodeHex(value.bytes), is_string: value.isString };
  if (node.kind === "variants") return variantToJson(node, value);
  if (node.kind === "box") return toJson(node.item, value);
  if (node.kind === "option") {
    return value === null ? null : { some: toJson(armSchema(node, 1), value) };
  }
  if (node.kind === "result") {
    const { ok, err } = value as { ok?: Value; err?: Value };
    return "ok" in (value as Keyed)
      ? { ok: toJson(armSchema(node, 0), ok) }
      : { err: toJson(armSchema(node, 1), err) };
  }
  if (node.kind === "struct") {
    return Object.fromEntries(
      node.fields.map(({ key, schema }) => [
        snakeCase(String(key)),
        toJson(schema, (value as Keyed)[key]),
      ]),
    );
  }
  if (node.kind === "tuple" || node.kind === "tstruct") {
    return node.fields.map((field, i) => toJson(field.schema, (value as Value[])[i]));
  }
  if (node.kind === "vec" || node.kind === "boxslice" || node.kind === "array") {
    return [...value as Iterable<Value>].map((item) => toJson(node.item, item));
  }
  if (node.kind === "hashset" || node.kind === "btreeset") {
    const { key } = node;
    return sorted(schema, [...value as Set<Value>].map((item) => toJson(key, item)));
  }
  if (node.kind === "hashmap" || node.kind === "btreemap") {
    const entries = [...value as Map<Value, Value>];
    return sorted(
      schema,
      entries.map(([key, item]) => [toJson(node.key, key), toJson(node.item, item)]),
    );
  }
  return value as Json;
}

/** A value from the peer's JSON. */
export function fromJson(schema: Schema<Value>, json: Json): Value {
  const node = schema as Node;
  const { kind } = node;
  if (WIDE.has(kind)) return BigInt(String(json));
  if (kind === "f32" || kind === "f64") return floatFromJson(kind, json);
  if (kind === "unit") return undefined;
  if (kind === "bytes") return decodeHex(String(json));
  if (node.kind === "variants") return variantFromJson(node, json);
  if (node.kind === "box") return fromJson(node.item, json);
  if (node.kind === "option") {
    return json === null ? null : fromJson(armSchema(node, 1), (json as JsonObject)["some"]!);
  }
  if (node.kind === "result") {
    const { ok, err } = json as JsonObject;
    return ok !== undefined
      ? { ok: fromJson(armSchema(node, 0), ok) }
      : { err: fromJson(armSchema(node, 1), err!) };
  }
  if (node.kind === "struct") {
    return Object.fromEntries(
      node.fields.map(({ key, schema }) => [
        key,
        fromJson(schema, (json as JsonObject)[snakeCase(String(key))]!),
      ]),
    );
  }
  if (node.kind === "tuple" || node.kind === "tstruct") {
    return node.fields.map((field, i) => fromJson(field.schema, (json as Json[])[i]!));
  }
  if (node.kind === "vec" || node.kind === "boxslice" || node.kind === "array") {
    return (json as Json[]).map((item) => fromJson(node.item, item));
  }
  if (node.kind === "hashset" || node.kind === "btreeset") {
    const { key } = node;
    return new Set((json as Json[]).map((item) => fromJson(key, item)));
  }
  if (node.kind === "hashmap" || node.kind === "btreemap") {
    return new Map(
      (json as [Json, Json][]).map(([key, item]) => [
        fromJson(node.key, key),
        fromJson(node.item, item),
      ]),
    );
  }
  return json;
}
