/**
 * {@linkcode checkSchema}: validates the declaration of a type.
 *
 * Schemas are created without validation, so that pages don't load checks that only developers need. All other users
 * of schemas call this first.
 *
 * @module
 */
import type { Fields, Items } from "./struct.ts";
import {
  type AnySchema,
  type BigInteger,
  type Field,
  type Integer,
  isSchema,
  type Leaf,
  type Node,
  type Wrapper,
} from "./schema.ts";
import { partsOf } from "./parts.ts";
import { checkEnds } from "./recursion.ts";
import { signature } from "./signature.ts";
import { zeroOf } from "./zero.ts";

/** Keys that objects enumerate first. */
const INDEX = /^(?:0|[1-9]\d*)$/;
/** Longest tuple in rkyv. */
const MAX_TUPLE = 12;

/** Most elements of an array, with those of arrays in it, and its bytes: Rust's may be larger, but none is sent. */
const MAX_ELEMENTS = 33_554_432;
const MAX_ARRAY_BYTES = 268_435_456;

/** Recursive types inside one another: more are one whose `lazy()` makes it anew each time. */
const MAX_LAZY = 500;
let lazyDepth = 0;

/** Schemas that are valid or being checked. */
const checked = new WeakSet<AnySchema>();

/**
 * Validate a schema with all its parts.
 *
 * @param what Its role, for the message: `"the event"`.
 * @throws {TypeError} If it is no schema, has a name that cannot keep its place, or a part that Rust does not have.
 */
export function checkSchema(what: string, schema: unknown): asserts schema is AnySchema {
  if (!isSchema(schema)) {
    throw new TypeError(
      schema === undefined
        ? `Cannot use ${what}: it is undefined; modules that import each other see that`
        : `Cannot use ${what}: it is no schema`,
    );
  }
  if (isStream(schema)) {
    throw new TypeError(
      `Cannot use ${what}: a stream can be an argument or the output of a method, and nothing inside of it`,
    );
  }
  if (checked.has(schema)) return;
  checkEnds(what, schema);
  // Recursive types come back to themselves.
  checked.add(schema);
  try {
    checkNode(what, schema as Node);
  } catch (error) {
    checked.delete(schema);
    throw error;
  }
}

function isStream({ kind }: AnySchema): boolean {
  return kind === "stream";
}

function checkNode(what: string, node: Node): void {
  switch (node.kind) {
    case "tuple": {
      const { length } = node.schemas as Items;
      if (length < 1 || length > MAX_TUPLE) {
        throw new RangeError(
          `Cannot make a tuple of ${length}: rkyv has them from 1 to ${MAX_TUPLE}`,
        );
      }
      return checkFields(`a tuple in ${what}`, node.schemas);
    }
    case "struct":
    case "tstruct":
      return checkFields(what, node.schemas);
    case "arm":
      // A call's arguments may have a stream, which is not part of the archived call.
      return checkFields(
        what,
        Object.fromEntries(Object.entries(node.schemas).filter(([, part]) => !isStream(part))),
      );
    case "variants":
      if (node.arms.length === 0) throw new TypeError("Cannot make variants: there are none");
      checkNames("variant", node.arms.map(({ name }) => name));
      for (const arm of node.arms) {
        if (arm.spec === undefined) checkSchema(`variant ${arm.name} of ${what}`, arm.spec);
        if (typeof arm.schemas !== "object") {
          throw new TypeError(
            `Cannot make variant ${arm.name}: expected null, a schema, an array or an object of schemas`,
          );
        }
        if (!Array.isArray(arm.schemas) && "type" in arm.schemas) {
          throw new TypeError(
            `Cannot name a field of variant ${arm.name} "type": it tells variants apart`,
          );
        }
        checkFields(`variant ${arm.name} of ${what}`, arm.schemas);
      }
      return;
    case "option":
    case "result":
    case "ip":
    case "sock":
      for (const { name, spec, schemas } of node.arms) {
        checkFields(`${node.kind} in ${what}`, schemas);
        if (spec === null && name !== "none") {
          checkSchema(`field ${name} of ${node.kind} in ${what}`, spec);
        }
      }
      return;
    case "array":
      if (!Number.isInteger(node.length) || node.length! < 0) {
        throw new RangeError(`Cannot make an array of ${node.length}: expected a whole number`);
      }
      checkSchema(`the element of an array in ${what}`, node.item);
      if (elementsOf(node) > MAX_ELEMENTS || node.size > MAX_ARRAY_BYTES) {
        throw new RangeError(
          `Cannot make an array of ${node.length} in ${what}: expected at most ${MAX_ELEMENTS} elements and ${MAX_ARRAY_BYTES} bytes; use vec() or bytes`,
        );
      }
      return;
    case "nonzero":
      checkSchema(`what is not zero in ${what}`, node.item);
      if ("min" in (node.item as Node)) return;
      throw new TypeError(`Cannot make ${node.item.kind} non-zero: expected an integer`);
    case "hashmap":
    case "hashset": {
      checkSchema(`the key of a ${node.kind} in ${what}`, node.key);
      const fault = keyFault(node.key);
      if (fault !== undefined) {
        throw new TypeError(
          `Cannot use ${signature(node.key)} as the key of a ${node.kind}: ${fault}`,
        );
      }
      return checkSchema(`the value of a ${node.kind} in ${what}`, node.item);
    }
    case "btreemap":
    case "btreeset":
      checkSchema(`the key of a ${node.kind} in ${what}`, node.key);
      if (hasHashTable(node.key)) {
        throw new TypeError(
          `Cannot use ${
            signature(node.key)
          } as the key of a ${node.kind}: a hash map has no order in Rust`,
        );
      }
      return checkSchema(`the value of a ${node.kind} in ${what}`, node.item);
    case "convert":
      checkSchema(`what is converted in ${what}`, node.item);
      checkConversion(what, node.conversion);
      if (node.hasDefault) zeroOf(node);
      return;
    case "lazy":
      try {
        if (++lazyDepth > MAX_LAZY) {
          throw new TypeError(
            "Cannot use a recursive type: its lazy() makes another each time; declare it once, as in const T = struct({ next: box(lazy(() => T)) })",
          );
        }
        return checkSchema(`the inside of a lazy in ${what}`, node.item);
      } finally {
        lazyDepth--;
      }
    case "box":
    case "vec":
    case "boxslice":
    case "numbers":
      return checkSchema(`the inside of a ${node.kind} in ${what}`, node.item);
    default:
      node satisfies Integer | BigInteger | Leaf;
  }
}

function elementsOf(node: Node): number {
  return node.kind === "array" ? node.length! * elementsOf(node.item as Node) : 1;
}

function hasHashTable(schema: AnySchema): boolean {
  return schema.kind.startsWith("hash") || partsOf(schema).some(hasHashTable);
}

function checkConversion(what: string, conversion: Wrapper["conversion"]): void {
  const { expected, decode, encode } = Object(conversion) as Record<string, unknown>;
  if (
    typeof expected !== "string" || typeof decode !== "function" || typeof encode !== "function"
  ) {
    throw new TypeError(
      `Cannot convert ${what}: expected { expected: "a Date", decode, encode }, a text and two functions`,
    );
  }
}

function checkFields(what: string, schemas: Fields | Items): void {
  if (!Array.isArray(schemas)) checkNames("field", Object.keys(schemas));
  for (const [name, schema] of Object.entries(schemas)) {
    checkSchema(`field ${name} of ${what}`, schema);
  }
}

function checkNames(what: string, names: readonly string[]): void {
  for (const name of names) {
    if (name === "" || INDEX.test(name)) {
      throw new TypeError(
        `Cannot name a ${what} "${name}": it is empty, or a number, which would come first in an object`,
      );
    }
  }
}

/** The reason why a type cannot be the key of a hash map, if it cannot. */
function keyFault(schema: AnySchema): string | undefined {
  const node = schema as Node;
  if ("min" in node) {
    return node.kind.endsWith("size")
      ? `rkyv hashes ${node.kind} as 8 bytes when writing and as 4 when reading`
      : undefined;
  }
  switch (node.kind) {
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
    case "box":
    case "convert":
    case "nonzero":
    case "array":
    case "vec":
    case "boxslice":
    case "numbers":
      return keyFault(node.item);
    case "bool":
    case "char":
    case "unit":
    case "duration":
    case "string":
    case "boxstr":
    case "cstring":
    case "bytes":
    case "uuid":
      return undefined;
    default:
      node satisfies never;
  }
}

function faultOf(fields: readonly Field[]): string | undefined {
  for (const { schema } of fields) {
    const fault = keyFault(schema);
    if (fault !== undefined) return fault;
  }
  return undefined;
}
