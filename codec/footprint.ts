/**
 * {@linkcode footprint}: what a decoded value takes of memory.
 *
 * @module
 */
import type { AnySchema, Field, Node } from "./schema.ts";

/** Bytes of memory of a slot: in an array or an object. */
const SLOT_BYTES = 8;

function fieldsOf(fields: readonly Field[], own: number): number {
  return fields.reduce((sum, { schema }) => sum + SLOT_BYTES + footprint(schema), own);
}

/** Bytes of memory, estimated, of an element and its slot in an array, where numbers need nothing else. */
export function itemFootprint(item: AnySchema): number {
  return SLOT_BYTES + (isNumber(item as Node) ? 0 : footprint(item));
}

function isNumber(node: Node): boolean {
  return node.kind === "f32" || node.kind === "f64" ||
    ("min" in node && typeof node.min === "number");
}

/**
 * Bytes of memory, estimated, that a decoded value takes besides its slot in its owner and the archive's own
 * bytes. Elements of vectors and maps, and what is recursive, are counted as they are read.
 */
export function footprint(schema: AnySchema): number {
  const node = schema as Node;
  switch (node.kind) {
    case "bytes":
    case "numbers":
    case "ipv4":
    case "ipv6":
    case "uuid":
      // Its buffer is most of it, which is slow to make, too.
      return 320;
    case "hashmap":
    case "hashset":
    case "btreemap":
    case "btreeset":
      return 256;
    case "vec":
    case "boxslice":
      return 48;
    case "array":
      return 48 + node.length! * itemFootprint(node.item);
    case "struct":
      return fieldsOf(node.fields, 24);
    case "arm":
      return fieldsOf(node.fields, node.shape === "items" ? 80 : 24);
    case "tuple":
    case "tstruct":
      return fieldsOf(node.fields, 48);
    case "variants":
      return SLOT_BYTES + Math.max(...node.arms.map(footprint));
    case "result":
    case "ip":
    case "sock":
      return Math.max(...node.arms.map(footprint));
    case "option": {
      const { schema } = node.arms[1]!.fields[0]!;
      return footprint(schema) + (schema.nullable ? 32 : 0);
    }
    case "convert":
      return 64 + footprint(node.item);
    case "box":
    case "nonzero":
      return footprint(node.item);
    case "lazy":
      // It is counted as it is read.
      return 0;
    case "string":
    case "boxstr":
    case "cstring":
    case "duration":
      return 56;
    default:
      if (isNumber(node)) return node.size > 2 ? 16 : 0;
      return node.size > 2 ? 24 : 0;
  }
}

/** Bytes of memory of an entry: its place in a `Map`, and the pair it is read as. */
export function entryFootprint({ key, item }: { key: AnySchema; item: AnySchema }): number {
  return 128 + footprint(key) + footprint(item);
}
