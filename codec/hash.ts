/**
 * Hashing of keys: {@linkcode feed} and {@linkcode keyFault}.
 *
 * @module
 */
import { carriedBy } from "./parts.ts";
import type { AnySchema, Field, Node, Wrapper } from "./schema.ts";
import type { SeaHasher } from "./sea_hash.ts";
import { toUtf8 } from "./utf8.ts";

/** Bytes of a `usize`, as Rust's `Hash` feeds it. */
const LENGTH_BYTES = 8;

type Values = Readonly<Record<string | number, unknown>>;

function feedFields(hasher: SeaHasher, fields: readonly Field[], values: Values): void {
  for (const { key, schema } of fields) feed(hasher, schema, values[key]);
}

/** Feed a key as Rust's `Hash` does. It must be a value of the schema, and of a type without a {@linkcode keyFault}. */
export function feed(hasher: SeaHasher, schema: AnySchema, value: unknown): void {
  const node = schema as Node;
  const { kind, size } = node;
  if ("arms" in node) {
    const arm = node.armOf(value)!;
    if (kind !== "variants") hasher.number(arm.tag, LENGTH_BYTES);
    else if (node.arms.length > 1) hasher.number(arm.tag, 1);
    return feedFields(hasher, arm.fields, carriedBy(node, arm, value));
  }
  if ("fields" in node) return feedFields(hasher, node.fields, value as Values);
  if ("item" in node) {
    if (kind === "box" || kind === "nonzero") return feed(hasher, node.item, value);
    if (kind === "convert") {
      return feed(hasher, node.item, (node as Wrapper).conversion!.encode(value));
    }
    const items = value as ArrayLike<unknown>;
    hasher.number(items.length, LENGTH_BYTES);
    for (let i = 0; i < items.length; i++) feed(hasher, node.item, items[i]);
  } else if (kind === "char") hasher.number((value as string).codePointAt(0)!, 4);
  else if (typeof value === "string") {
    const text = toUtf8(value);
    const isC = kind === "cstring";
    if (isC) hasher.number(text.length + 1, LENGTH_BYTES);
    hasher.write(text);
    hasher.number(isC ? 0 : 0xff, 1);
  } else if (value instanceof Uint8Array) {
    hasher.number(value.length, LENGTH_BYTES);
    hasher.write(value);
  } else if (kind === "duration") {
    const { secs, nanos } = value as { secs: bigint; nanos: number };
    hasher.u64(secs);
    hasher.number(nanos, 4);
  } else if (typeof value === "bigint") {
    hasher.u64(value);
    if (size === 16) hasher.u64(value >> 64n);
  } else hasher.number(Number(value), size);
}

/** The reason why a type cannot be the key of a hash map, if it cannot. */
export function keyFault(schema: AnySchema): string | undefined {
  const node = schema as Node;
  switch (node.kind) {
    case "usize":
    case "isize":
      return `rkyv hashes ${node.kind} as 8 bytes when writing and as 4 when reading`;
    case "ip":
    case "sock":
    case "ipv4":
    case "ipv6":
      return "Rust's std hashes addresses differently from version to version";
    case "lazy":
      return "a recursive type cannot be a map's key";
    case "f32":
    case "f64":
    case "arm":
    case "hashmap":
    case "hashset":
    case "btreemap":
    case "btreeset":
      return `${node.kind} does not implement Hash in Rust`;
    case "struct":
      if (node.name !== undefined) {
        return node.name.startsWith("sock")
          ? "Rust's std hashes addresses differently from version to version"
          : "this module does not hash ranges";
      }
      return faultOf(node.fields);
    case "tuple":
    case "tstruct":
      return faultOf(node.fields);
    case "variants":
      if (!node.reprU8 && node.arms.length > 1) {
        return "rkyv hashes an enum that is not #[repr(u8)] differently when writing and reading";
      }
      return faultOf(node.arms.flatMap(({ fields }) => fields));
    case "option":
    case "result":
      return faultOf(node.arms.flatMap(({ fields }) => fields));
    default:
      return "item" in node ? keyFault(node.item) : undefined;
  }
}

function faultOf(fields: readonly Field[]): string | undefined {
  for (const { schema } of fields) {
    const fault = keyFault(schema);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
