/**
 * Our values in the peer's JSON, which `tests/vectors/README.md` describes, by their schemas.
 *
 * Names there are Rust's: `echoU8` is `echo_u8`, variant `rect` is `Rect`.
 *
 * @module
 */
import { decodeHex, encodeHex } from "@std/encoding";
import { FixedArray } from "../../codec/array.ts";
import { Box } from "../../codec/box.ts";
import { BTreeMapSchema } from "../../codec/btree_map.ts";
import { HashMapSchema } from "../../codec/hash_map.ts";
import { Option } from "../../codec/option.ts";
import { ResultSchema } from "../../codec/result.ts";
import type { Schema } from "../../codec/schema.ts";
import { Struct } from "../../codec/struct.ts";
import { Tuple } from "../../codec/tuple.ts";
import { type Variant, VariantsSchema } from "../../codec/variants.ts";
import { Vec } from "../../codec/vec.ts";
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

const WIDE: ReadonlySet<string> = new Set(["u64", "i64", "u128", "i128"]);

/** A hash map's entries come in no order that means anything; the peer sorts them by their text. */
function sorted(schema: Schema<Value>, entries: Json[]): Json[] {
  if (!(schema instanceof HashMapSchema)) return entries;
  return entries.sort((a, b) => JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);
}

function fieldsToJson(variant: Variant, value: Value): Json[] {
  const holder = variant.shape === "items" ? (value as Keyed)["value"] as Keyed : value as Keyed;
  return variant.fields.map(({ key, schema }) => toJson(schema, holder[key]));
}

function variantToJson(schema: VariantsSchema, value: Value): Json {
  const variant = schema.variants.find(({ name }) => name === (value as Keyed)["type"])!;
  const v = capitalized(variant.name);
  const parts = fieldsToJson(variant, value);
  if (variant.shape === "unit") return { v };
  if (variant.shape !== "named") return { v, t: parts };
  const names = variant.fields.map(({ key }) => snakeCase(String(key)));
  return { v, f: Object.fromEntries(names.map((name, i) => [name, parts[i]!])) };
}

function variantFromJson(schema: VariantsSchema, json: Json): Value {
  const { v, t, f } = json as { v: string; t?: Json[]; f?: JsonObject };
  const variant = schema.variants.find(({ name }) => capitalized(name) === v)!;
  const type = variant.name;
  const parts = variant.fields.map(({ key, schema }, i) =>
    fromJson(schema, t === undefined ? f![snakeCase(String(key))]! : t[i]!)
  );
  if (variant.shape === "items") return { type, value: parts };
  return Object.fromEntries([
    ["type", type],
    ...variant.fields.map(({ key }, i) => [key, parts[i]]),
  ]);
}

/** A value in the peer's JSON. */
export function toJson(schema: Schema<Value>, value: Value): Json {
  const { kind } = schema;
  if (WIDE.has(kind)) return String(value);
  if (kind === "f32" || kind === "f64") return floatToJson(kind, value as number);
  if (kind === "unit") return null;
  if (kind === "bytes") return encodeHex(value as Uint8Array);
  if (value instanceof Topic) return { inner: encodeHex(value.bytes), is_string: value.isString };
  if (schema instanceof VariantsSchema) return variantToJson(schema, value);
  if (schema instanceof Box) return toJson(schema.item, value);
  if (schema instanceof Option) return value === null ? null : { some: toJson(schema.some, value) };
  if (schema instanceof ResultSchema) {
    const { ok, err } = value as { ok?: Value; err?: Value };
    return "ok" in (value as Keyed)
      ? { ok: toJson(schema.ok, ok) }
      : { err: toJson(schema.err, err) };
  }
  if (schema instanceof Struct) {
    return Object.fromEntries(
      schema.fields.map(({ key, schema }) => [
        snakeCase(String(key)),
        toJson(schema, (value as Keyed)[key]),
      ]),
    );
  }
  if (schema instanceof Tuple) {
    return schema.schemas.map((item, i) => toJson(item, (value as Value[])[i]));
  }
  if (schema instanceof Vec || schema instanceof FixedArray) {
    return [...value as Iterable<Value>].map((item) => toJson(schema.item, item));
  }
  if (kind === "hashset" || kind === "btreeset") {
    const { key } = schema as HashMapSchema<Value, Value, Value>;
    return sorted(schema, [...value as Set<Value>].map((item) => toJson(key, item)));
  }
  if (schema instanceof HashMapSchema || schema instanceof BTreeMapSchema) {
    const entries = [...value as Map<Value, Value>];
    return sorted(
      schema,
      entries.map(([key, item]) => [toJson(schema.key, key), toJson(schema.value, item)]),
    );
  }
  return value as Json;
}

/** A value from the peer's JSON. */
export function fromJson(schema: Schema<Value>, json: Json): Value {
  const { kind } = schema;
  if (WIDE.has(kind)) return BigInt(String(json));
  if (kind === "f32" || kind === "f64") return floatFromJson(kind, json);
  if (kind === "unit") return undefined;
  if (kind === "bytes") return decodeHex(String(json));
  if (schema instanceof VariantsSchema) return variantFromJson(schema, json);
  if (schema instanceof Box) return fromJson(schema.item, json);
  if (schema instanceof Option) {
    return json === null ? null : fromJson(schema.some, (json as JsonObject)["some"]!);
  }
  if (schema instanceof ResultSchema) {
    const { ok, err } = json as JsonObject;
    return ok !== undefined ? { ok: fromJson(schema.ok, ok) } : { err: fromJson(schema.err, err!) };
  }
  if (schema instanceof Struct) {
    return Object.fromEntries(
      schema.fields.map(({ key, schema }) => [
        key,
        fromJson(schema, (json as JsonObject)[snakeCase(String(key))]!),
      ]),
    );
  }
  if (schema instanceof Tuple) {
    return schema.schemas.map((item, i) => fromJson(item, (json as Json[])[i]!));
  }
  if (schema instanceof Vec || schema instanceof FixedArray) {
    return (json as Json[]).map((item) => fromJson(schema.item, item));
  }
  if (kind === "hashset" || kind === "btreeset") {
    const { key } = schema as HashMapSchema<Value, Value, Value>;
    return new Set((json as Json[]).map((item) => fromJson(key, item)));
  }
  if (schema instanceof HashMapSchema || schema instanceof BTreeMapSchema) {
    return new Map(
      (json as [Json, Json][]).map(([key, item]) => [
        fromJson(schema.key, key),
        fromJson(schema.value, item),
      ]),
    );
  }
  return json;
}
