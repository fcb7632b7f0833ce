/**
 * {@linkcode partsOf}, {@linkcode insideOf} and {@linkcode isFlat}: the parts of a type.
 *
 * @module
 */
import type { AnySchema, Node } from "./schema.ts";

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

/** Kinds that put something out of line, or may. */
const POINTING =
  /^(?:string|boxstr|cstring|bytes|numbers|vec|boxslice|box|lazy|hash(?:map|set)|btree(?:map|set))$/;

const flat = /* @__PURE__ */ new WeakMap<AnySchema, boolean>();

/** Whether nothing of a type lies out of line. */
export function isFlat(schema: AnySchema): boolean {
  let known = flat.get(schema);
  if (known === undefined) {
    const node = schema as Node;
    const isEmpty = node.kind === "array" && node.length === 0;
    known = !POINTING.test(node.kind) && (isEmpty || partsOf(node).every(isFlat));
    flat.set(schema, known);
  }
  return known;
}
