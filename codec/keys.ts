/**
 * The keys of maps and sets: {@linkcode visitKey} walks one as Rust's derived `Hash` and `Ord` do, {@linkcode compare}
 * is the order of the latter.
 *
 * Distinguishes types by their properties rather than by kind: that takes few bytes of a page.
 *
 * @module
 */
import { entriesOf, type Entry } from "./collections.ts";
import { WORD_BYTES } from "./layout.ts";
import type { AnySchema, Arm, Field, Node, Sum, Wrapper } from "./schema.ts";
import { compareUtf8 } from "./utf8.ts";

/** A value's parts by key. */
type Carried = Readonly<Record<string | number, unknown>>;

/** The fields of an arm's value, by key. */
function carriedBy({ kind }: Sum, { shape, fields }: Arm, value: unknown): Carried {
  if (shape === "items") return (value as { value: Carried }).value;
  // Only a value that may itself be `null` is wrapped in an object.
  return (kind === "option" && fields[0] && !fields[0].schema.nullable
    ? { some: value }
    : value) as Carried;
}

/** The kinds of wrappers; what else has items, has a number of them. */
const WRAPPERS: Readonly<Record<Wrapper["kind"], 1>> = { box: 1, lazy: 1, nonzero: 1, convert: 1 };

/** What a walk of a key finds, in order. */
export interface KeyVisitor {
  /** A value of a type without parts. */
  leaf(schema: AnySchema, value: unknown): void;
  /**
   * A tag, a length, or whether a list goes on. Rust hashes it as so many bytes, and compares all but lengths: a list
   * that ends comes first.
   */
  count(value: number, hashedBytes: number, isOrdered: boolean): void;
  /** Sort the entries of a map or set in a key; hashed keys contain none. */
  sort?(entries: Entry[], key: AnySchema): Entry[];
}

/** Visit a key, which must be a value of the schema. */
export function visitKey(visitor: KeyVisitor, schema: AnySchema, value: unknown): void {
  const node = schema as Node;
  if ("arms" in node) {
    const { kind, arms } = node;
    const arm = node.armOf(value)!;
    visitor.count(arm.tag, kind !== "variants" ? WORD_BYTES : arms.length > 1 ? 1 : 0, true);
    visitFields(visitor, arm.fields, carriedBy(node, arm, value));
  } else if ("fields" in node) visitFields(visitor, node.fields, value as Carried);
  else if ("key" in node) {
    visitList(visitor, visitor.sort!(entriesOf(value), node.key), ([key, item]) => {
      visitKey(visitor, node.key, key);
      visitKey(visitor, node.item, item);
    });
  } else if (!("item" in node)) visitor.leaf(node, value);
  else if (node.kind in WRAPPERS) {
    const { item, conversion } = node as Wrapper;
    visitKey(visitor, item, conversion ? conversion.encode(value) : value);
  } else {
    visitList(visitor, value as ArrayLike<unknown>, (each) => visitKey(visitor, node.item, each));
  }
}

function visitFields(visitor: KeyVisitor, fields: readonly Field[], values: Carried): void {
  for (const { key, schema } of fields) visitKey(visitor, schema, values[key]);
}

function visitList<T>(visitor: KeyVisitor, list: ArrayLike<T>, visit: (each: T) => void): void {
  visitor.count(list.length, WORD_BYTES, false);
  for (let i = 0; i < list.length; i++) {
    visitor.count(1, 0, true);
    visit(list[i]!);
  }
  visitor.count(0, 0, true);
}

/** What Rust's `Ord` compares of a key: its leaves, tags, and whether its lists go on. */
export type Rank = unknown;

class Ranker implements KeyVisitor {
  readonly rank: unknown[] = [];

  leaf(_schema: AnySchema, value: unknown): void {
    this.rank.push(value);
  }

  count(value: number, _hashedBytes: number, isOrdered: boolean): void {
    if (isOrdered) this.rank.push(value);
  }

  sort(entries: Entry[], key: AnySchema): Entry[] {
    return sorted(entries, key);
  }
}

function hasParts(schema: AnySchema): boolean {
  return "arms" in schema || "fields" in schema || "item" in schema;
}

/** The rank of a key: see {@linkcode compare}. */
export function rankOf(schema: AnySchema, key: unknown): Rank {
  if (!hasParts(schema)) return key;
  const ranker = new Ranker();
  visitKey(ranker, schema, key);
  return ranker.rank;
}

/** The ranks of keys: themselves, if they have no parts. */
export function ranksOf(schema: AnySchema, keys: readonly unknown[]): readonly Rank[] {
  return hasParts(schema) ? keys.map((key) => rankOf(schema, key)) : keys;
}

/** Sort entries by their keys, as Rust's `Ord` does. Keys that are no values of the schema end up anywhere. */
export function sorted(entries: Entry[], schema: AnySchema): Entry[] {
  if (hasParts(schema)) {
    return entries.map((entry) => ({ entry, rank: rankOf(schema, entry[0]) }))
      .sort((a, b) => compare(a.rank, b.rank))
      .map(({ entry }) => entry);
  }
  try {
    entries.sort(([a], [b]) => compare(a, b));
  } catch {
    // Not all are keys.
  }
  return entries;
}

/** Lexicographic order; the shorter comes first. */
function compareLists(a: ArrayLike<unknown>, b: ArrayLike<unknown>): number {
  for (let i = 0; i < a.length && i < b.length; i++) {
    const order = compare(a[i], b[i]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

interface Span {
  readonly secs: bigint;
  readonly nanos: number;
}

/** Compare two ranks of a type: below, at or above 0. */
export function compare(a: Rank, b: Rank): number {
  // The order of UTF-8 is that of code points: a `char` is a text of one.
  if (typeof a === "string") return compareUtf8(a, b as string);
  if (Array.isArray(a) || a instanceof Uint8Array) return compareLists(a, b as Uint8Array);
  if (a instanceof Object) {
    const [x, y] = [a, b] as [Span, Span];
    return compare(x.secs, y.secs) || x.nanos - y.nanos;
  }
  return (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0;
}
