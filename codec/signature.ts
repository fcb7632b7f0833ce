/**
 * {@linkcode signature}: a type in one line.
 *
 * @module
 */
import type { AnySchema, Arm, Field, Node } from "./schema.ts";

const PLAIN_NAME = /^[A-Za-z_$][\w$]*$/;

/** A name as it stands in a signature: quoted where it could be taken for more than a name. */
function quoted(name: string): string {
  return PLAIN_NAME.test(name) ? name : JSON.stringify(name);
}

/** Recursive types by their number in the signature under way. */
type Met = Map<AnySchema, number>;

function fieldsOf(fields: readonly Field[], met: Met, named: boolean): string {
  return fields.map(({ key, schema }) =>
    (named ? `${quoted(String(key))}:` : "") + write(schema, met)
  ).join();
}

function armOf({ name, shape, fields }: Arm, met: Met): string {
  if (shape === "unit") return quoted(name);
  const named = shape === "named";
  const text = fieldsOf(fields, met, named);
  return quoted(name) + (named ? `{${text}}` : `(${text})`);
}

function write(schema: AnySchema, met: Met): string {
  const node = schema as Node;
  const of = (...parts: readonly AnySchema[]): string =>
    parts.map((part) => write(part, met)).join();
  switch (node.kind) {
    case "bytes":
      return "vec<u8>";
    case "numbers":
      return `vec<${of(node.item)}>`;
    case "u128":
    case "i128":
      return node.align === 8 ? `${node.kind}@8` : node.kind;
    case "vec":
    case "boxslice":
    case "box":
    case "nonzero":
      return `${node.kind}<${of(node.item)}>`;
    case "array":
      return `[${of(node.item)};${node.length}]`;
    case "struct": {
      const { name, reprC, fields } = node;
      if (name === undefined) return `struct${reprC ? "@C" : ""}{${fieldsOf(fields, met, true)}}`;
      return name.startsWith("range") ? `${name}<${of(fields[0]!.schema)}>` : name;
    }
    case "tuple":
      return `(${fieldsOf(node.fields, met, false)})`;
    case "tstruct":
      return `struct(${fieldsOf(node.fields, met, false)})`;
    case "arm":
      return of(node.owner);
    case "variants":
      return `enum{${node.arms.map((arm) => armOf(arm, met)).join()}}`;
    case "option":
    case "result":
      return `${node.kind}<${
        of(...node.arms.flatMap(({ fields }) => fields.map((f) => f.schema)))
      }>`;
    case "convert":
      return of(node.item);
    case "lazy": {
      const known = met.get(node.item);
      if (known !== undefined) return `@${known}`;
      const number = met.size;
      met.set(node.item, number);
      const text = `@${number}=${of(node.item)}`;
      // Each recursive type that is not inside another is numbered by itself.
      if (number === 0) met.clear();
      return text;
    }
    case "hashset":
    case "btreeset":
      return `${node.kind}<${of(node.key)}>`;
    case "hashmap":
    case "btreemap":
      return `${node.kind}<${of(node.key, node.item)}>`;
    default:
      return node.kind;
  }
}

/**
 * A type in one line, stable from version to version, that is equal only for schemas whose archives are
 * interchangeable: what fingerprints are made of.
 *
 * @example Usage
 * ```ts
 * import assert from "node:assert/strict";
 * import { option, signature, string, struct, u32 } from "@hardlight/hardlight/codec";
 *
 * assert.equal(signature(struct({ id: u32, note: option(string) })), "struct{id:u32,note:option<string>}");
 * ```
 */
export function signature(schema: AnySchema): string {
  return write(schema, new Map());
}

/** An arm as it stands in the signature of its sum. */
export function armSignature(arm: Arm): string {
  return armOf(arm, new Map());
}
