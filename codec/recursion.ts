/**
 * {@linkcode checkEnds}: finds types that contain themselves without end.
 *
 * @module
 */
import { type AnySchema, isSchema, type Node } from "./schema.ts";

/** Types within one another, without a pointer: more are one that `lazy()` makes anew each time. */
const MAX_NESTED = 200;
/** Names of a path that are shown. */
const MAX_SHOWN = 8;

/** Parts by name; without one where the part is the type itself, in other words. */
type Parts = (node: Node) => readonly (readonly [name: string, part: unknown])[];

/** The parts of which a type's size is made: what lies behind a pointer is not among them. */
const inline: Parts = (node) => {
  if ("schemas" in node) return Object.entries<unknown>(node.schemas);
  if ("arms" in node) {
    return node.kind === "variants"
      ? node.arms.map((arm) => [arm.name, arm])
      : node.arms.flatMap(({ schemas }) => Object.values(schemas)).map((part) => ["", part]);
  }
  return "item" in node && /^(?:array|convert|nonzero|lazy)$/.test(node.kind)
    ? [["", node.item]]
    : [];
};

/** All parts, but those that `lazy()` makes later. */
const named: Parts = (node) => {
  if (node.kind === "lazy") return [];
  if ("key" in node) return [["", node.key], ["", node.item]];
  return "item" in node ? [["", node.item]] : inline(node);
};

/** Each way of having no end, with what helps, and the types that are known to have one. */
const WAYS: readonly (readonly [parts: Parts, fault: string, known: WeakSet<AnySchema>])[] = [
  [
    named,
    "without lazy(), which a recursive type needs: box(lazy(() => …))",
    new WeakSet(),
  ],
  [
    inline,
    "inline, so it would take any number of bytes: box it, box(lazy(() => …)), or use a list",
    new WeakSet(),
  ],
];

/**
 * Throws `TypeError` if a type contains itself other than by `lazy()`, or other than behind a pointer. Parts that are
 * no schemas are left to others.
 *
 * @param what Its role, for the message: `"the event"`.
 */
export function checkEnds(what: string, schema: AnySchema): void {
  for (const [partsOf, fault, known] of WAYS) {
    const around = new Set<AnySchema>();
    const follow = (each: unknown, path: readonly string[]): void => {
      if (!isSchema(each) || known.has(each)) return;
      if (around.has(each) || around.size > MAX_NESTED) {
        throw new TypeError(`Cannot use ${what}: ${placeOf(path)} contains itself ${fault}`);
      }
      around.add(each);
      for (const [name, part] of partsFor(what, partsOf, each as Node, path)) {
        follow(part, name === "" ? path : [...path, name]);
      }
      around.delete(each);
      known.add(each);
    };
    follow(schema, []);
  }
}

function placeOf(path: readonly string[]): string {
  return path.length === 0 ? "it" : `the type at ${path.slice(0, MAX_SHOWN).join(".")}`;
}

/** The parts of a type. What `lazy()` was given may be no function, or come too early. */
function partsFor(
  what: string,
  partsOf: Parts,
  node: Node,
  path: readonly string[],
): ReturnType<Parts> {
  try {
    return partsOf(node);
  } catch (cause) {
    throw new TypeError(`Cannot use ${what}: ${placeOf(path)} cannot be made: ${cause}`, { cause });
  }
}
