/**
 * {@linkcode defaultOf}: Rust's `Default`.
 *
 * @module
 */
import { checkSchema } from "./check.ts";
import type { AnySchema, Node, Schema } from "./schema.ts";
import { zeroOf } from "./zero.ts";

/**
 * The default of a type, as Rust's `Default::default()`.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { defaultOf, string, struct, u32 } from "@hardlight/hardlight/codec";
 *
 * assert.deepEqual(defaultOf(struct({ id: u32, name: string })), { id: 0, name: "" });
 * ```
 *
 * @throws {TypeError} If the type has no default in Rust, is no schema, or is declared wrongly.
 */
export function defaultOf<T>(schema: Schema<T>): T {
  checkSchema("the schema", schema);
  checkDefault(schema);
  return zeroOf(schema);
}

function checkDefault(schema: AnySchema): void {
  const node = schema as Node;
  if ("min" in node) return;
  switch (node.kind) {
    case "result":
    case "nonzero":
    case "ip":
    case "sock":
    case "ipv4":
    case "ipv6":
    case "uuid":
      throw new TypeError(`Cannot default ${node.kind}: Rust's has no Default`);
    case "variants": {
      const { name, spec } = node.arms[0]!;
      if (spec === null) return;
      throw new TypeError(
        `Cannot default variants whose first, ${name}, carries something: use withDefault()`,
      );
    }
    case "struct":
    case "tuple":
    case "tstruct":
      return node.fields.forEach(({ schema }) => checkDefault(schema));
    case "array":
      return node.length === 0 ? undefined : checkDefault(node.item);
    case "convert":
      return node.hasDefault ? undefined : checkDefault(node.item);
    case "box":
    case "lazy":
      return checkDefault(node.item);
    case "f32":
    case "f64":
    case "bool":
    case "char":
    case "unit":
    case "duration":
    case "string":
    case "boxstr":
    case "cstring":
    case "bytes":
    case "numbers":
    case "vec":
    case "boxslice":
    case "option":
    case "arm":
    case "hashmap":
    case "hashset":
    case "btreemap":
    case "btreeset":
      return;
    default:
      node satisfies never;
  }
}
