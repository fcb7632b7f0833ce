/**
 * {@linkcode compare}: the order of Rust's `Ord`.
 *
 * Distinguishes types by their properties rather than by kind: pages load this with the first sorted map.
 *
 * @module
 */
import { entriesOf, type Entry } from "./collections.ts";
import { carriedBy } from "./parts.ts";
import type { AnySchema, Collection, Field, Node } from "./schema.ts";
import { compareUtf8 } from "./utf8.ts";

type Values = Readonly<Record<string | number, unknown>>;
type Items = ArrayLike<unknown>;

function compareFields(fields: readonly Field[], a: Values, b: Values): number {
  for (const { key, schema } of fields) {
    const order = compare(schema, a[key], b[key]);
    if (order !== 0) return order;
  }
  return 0;
}

/** Lexicographic order by the given order of elements; the shorter comes first. */
function compareLists<T>(
  a: ArrayLike<T>,
  b: ArrayLike<T>,
  orderOf: (x: T, y: T) => number,
): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const order = orderOf(a[i]!, b[i]!);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function compareOf(schema: AnySchema): (a: unknown, b: unknown) => number {
  return (a, b) => compare(schema, a, b);
}

/** The entries of a sorted map or set, by key. */
export function sortedEntries(
  { key }: Collection,
  value: unknown,
): Entry[] {
  return entriesOf(value).sort(([a], [b]) => compare(key, a, b));
}

/** The wrapped type of a wrapper. */
const WRAPPER = /^(?:box|lazy|nonzero|convert)$/;

/** Compare two values as Rust's `Ord`: below, at or above 0. */
export function compare(schema: AnySchema, a: unknown, b: unknown): number {
  const node = schema as Node;
  if ("arms" in node) {
    const [x, y] = [node.armOf(a)!, node.armOf(b)!];
    if (x !== y) return x.tag - y.tag;
    return compareFields(x.fields, carriedBy(node, x, a), carriedBy(node, x, b));
  }
  if ("fields" in node) return compareFields(node.fields, a as Values, b as Values);
  if ("key" in node) {
    if (node.kind.startsWith("hash")) {
      throw new TypeError(`Cannot use ${node.kind} as a sorted map's key`);
    }
    return compareLists(
      sortedEntries(node, a),
      sortedEntries(node, b),
      (x, y) => compare(node.key, x[0], y[0]) || compare(node.item, x[1], y[1]),
    );
  }
  if ("item" in node) {
    const of = compareOf(node.item);
    if (!WRAPPER.test(node.kind)) return compareLists(a as Items, b as Items, of);
    const encode = "conversion" in node ? node.conversion?.encode : undefined;
    return encode === undefined ? of(a, b) : of(encode(a), encode(b));
  }
  // The order of UTF-8 is that of code points: a `char` is a text of one.
  if (typeof a === "string") return compareUtf8(a, b as string);
  if (a instanceof Uint8Array) return compareLists(a, b as Uint8Array, (x, y) => x - y);
  if (node.kind === "duration") {
    const [x, y] = [a as { secs: bigint; nanos: number }, b as { secs: bigint; nanos: number }];
    return x.secs === y.secs ? x.nanos - y.nanos : x.secs < y.secs ? -1 : 1;
  }
  return (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0;
}
