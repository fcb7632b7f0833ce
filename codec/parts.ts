/**
 * The parts of a type: {@linkcode partsOf}; {@linkcode footprint}: the estimated memory of a decoded value.
 *
 * @module
 */
import type { Reader } from "./reader.ts";
import type { AnySchema, Node } from "./schema.ts";

/** Estimated bytes of memory of a copied byte array, mostly its buffer, which is also slow to allocate. */
export const BUFFER_FOOTPRINT = 320;

/** Estimated bytes of memory kept for a node while its tree is read. */
export const NODE_FOOTPRINT = 384;

/** Bytes of memory of a slot: in an array or an object. */
const SLOT_BYTES = 8;

/** The types of a type's values, without the inside of recursive types. */
export function partsOf(schema: AnySchema): readonly AnySchema[] {
  const node = schema as Node;
  if ("fields" in node) return node.fields.map((field) => field.schema);
  if ("arms" in node) return node.arms.flatMap(partsOf);
  if ("key" in node) return [node.key, node.item];
  return "item" in node && node.kind !== "lazy" && node.kind !== "numbers" ? [node.item] : [];
}

/** The parts of a type, including the inside of recursive types. */
export function insideOf(schema: AnySchema): readonly AnySchema[] {
  const node = schema as Node;
  return node.kind === "lazy" || node.kind === "numbers" ? [node.item] : partsOf(schema);
}

const flat = /* @__PURE__ */ new WeakMap<AnySchema, boolean>();

/** Whether nothing of a type lies out of line. */
export function isFlat(schema: AnySchema): boolean {
  let known = flat.get(schema);
  if (known === undefined) {
    known = liesWhole(schema as Node);
    flat.set(schema, known);
  }
  return known;
}

function liesWhole(node: Node): boolean {
  if ("min" in node || "fields" in node || "arms" in node) return partsOf(node).every(isFlat);
  switch (node.kind) {
    case "f32":
    case "f64":
    case "bool":
    case "char":
    case "unit":
    case "duration":
    case "ipv4":
    case "ipv6":
    case "uuid":
      return true;
    case "convert":
    case "nonzero":
      return isFlat(node.item);
    case "array":
      return node.length === 0 || isFlat(node.item);
    case "string":
    case "boxstr":
    case "cstring":
    case "bytes":
    case "numbers":
    case "vec":
    case "boxslice":
    case "box":
    case "lazy":
    case "hashmap":
    case "hashset":
    case "btreemap":
    case "btreeset":
      return false;
    default:
      node satisfies never;
      return false;
  }
}

/** Estimated bytes of memory of an element and its slot in an array; numbers need only the slot. */
export function itemFootprint(item: AnySchema): number {
  return SLOT_BYTES + (isNumber(item as Node) ? 0 : footprint(item));
}

/** Whether its values are numbers: integers of up to 32 bits, or floats. */
export function isNumber(node: Node): boolean {
  return node.kind === "f32" || node.kind === "f64" ||
    ("min" in node && typeof node.min === "number");
}

/**
 * Estimated bytes of memory of a decoded value, in addition to its slot in its owner and the archive's own bytes.
 * Elements of vectors and maps, and recursive values, are counted when they are read.
 */
export function footprint(schema: AnySchema): number {
  const node = schema as Node;
  const { kind, size, memory } = node;
  if (memory !== undefined) return memory;
  if (kind === "option") {
    const { schema } = node.arms[1]!.fields[0]!;
    return footprint(schema) + (schema.nullable ? 32 : 0);
  }
  if ("arms" in node) {
    return (kind === "variants" ? SLOT_BYTES : 0) + Math.max(...node.arms.map(footprint));
  }
  if ("fields" in node) {
    const isObject = kind === "struct" || (kind === "arm" && !Array.isArray(node.spec));
    // Engines reserve room for fields in an empty object.
    const isEmpty = kind === "struct" && node.fields.length === 0;
    const own = isEmpty ? 64 : isObject ? 24 : kind === "arm" ? 80 : 48;
    return node.fields.reduce((sum, { schema }) => sum + SLOT_BYTES + footprint(schema), own);
  }
  if (kind === "array") return 48 + node.length! * itemFootprint(node.item);
  if ("item" in node) return (kind === "convert" ? 64 : 0) + footprint(node.item);
  return size > 2 ? isNumber(node) ? 16 : 24 : 0;
}

/** Count the memory of values before they are created; `at` is the position of their count. */
export function spend(reader: Reader, bytes: number, at: number): void {
  reader.memory -= bytes;
  if (reader.memory < 0) reader.fail("TooLong", at);
}

/** Bytes of memory of an entry: its slot in a `Map`, and the pair created while reading. */
export function entryFootprint({ key, item }: { key: AnySchema; item: AnySchema }): number {
  return 128 + footprint(key) + footprint(item);
}
