/**
 * {@linkcode partsOf}, {@linkcode isFlat} and {@linkcode carriedBy}: the parts of a type and of a value.
 *
 * @module
 */
import type { AnySchema, Arm, Node, Sum } from "./schema.ts";

/** The types of a type's values, without the inside of recursive types. */
export function partsOf(schema: AnySchema): readonly AnySchema[] {
  const node = schema as Node;
  if ("fields" in node) return node.fields.map((field) => field.schema);
  if ("arms" in node) return node.arms.flatMap(partsOf);
  if ("key" in node) return [node.key, node.item];
  return "item" in node && node.kind !== "lazy" && node.kind !== "numbers" ? [node.item] : [];
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

/** The fields of an arm's value, by key. */
export function carriedBy({ kind }: Sum, { shape, fields }: Arm, value: unknown): Carried {
  if (shape === "items") return (value as { value: Carried }).value;
  // Only a value that may itself be `null` is wrapped in an object.
  return (kind === "option" && fields[0] && !fields[0].schema.nullable
    ? { some: value }
    : value) as Carried;
}

type Carried = Readonly<Record<string | number, unknown>>;
