/**
 * {@linkcode partsOf}: what a type is made of.
 *
 * @module
 */
import type { AnySchema, Node } from "./schema.ts";

/** The types that a type is made of, as its values are: not the inside of what is recursive. */
export function partsOf(schema: AnySchema): readonly AnySchema[] {
  const node = schema as Node;
  if ("fields" in node) return node.fields.map((field) => field.schema);
  if ("arms" in node) return node.arms.flatMap(partsOf);
  if ("key" in node) return [node.key, node.item];
  return "item" in node && node.kind !== "lazy" && node.kind !== "numbers" ? [node.item] : [];
}
