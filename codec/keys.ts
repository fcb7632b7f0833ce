/**
 * The order of keys in B-trees, as Rust's derived `Ord`: {@linkcode compare} of ranks, {@linkcode rankOf} of keys.
 *
 * Distinguishes types by their properties rather than by kind: that takes few bytes of a page.
 *
 * @module
 */
import { entriesOf, type Entry } from "./collections.ts";
import type { AnySchema, Arm, Field, Node, Sum, Wrapper } from "./schema.ts";
import type { Duration } from "./time.ts";
import { compareUtf8 } from "./utf8.ts";

/** A value's parts by key. */
export type Carried = Readonly<Record<string | number, unknown>>;

/** The fields of an arm's value, by key. */
export function carriedBy({ kind }: Sum, { spec, fields }: Arm, value: unknown): Carried {
  if (Array.isArray(spec)) return (value as { value: Carried }).value;
  // Only a value that may itself be `null` is wrapped in an object.
  return (kind === "option" && fields[0] && !fields[0].schema.nullable
    ? { some: value }
    : value) as Carried;
}

/** The kinds of wrappers; what else has items, has a number of them. */
export const WRAPPERS: Readonly<Record<Wrapper["kind"], 1>> = {
  box: 1,
  lazy: 1,
  nonzero: 1,
  convert: 1,
};

/** What Rust's `Ord` compares of a key: a value without parts, or a list of the ranks of its parts. */
export type Rank = unknown;

/** Whether values of a type are their own ranks: they have no parts, or are tuples of such. */
function isRank(schema: AnySchema): boolean {
  const node = schema as Node;
  if (!("fields" in node)) return !("arms" in node || "item" in node);
  return Array.isArray(node.schemas) && node.schemas.every(isRank);
}

/** The rank of a key, which must be a value of the schema. */
export function rankOf(schema: AnySchema, key: unknown): Rank {
  const node = schema as Node;
  if ("arms" in node) {
    const arm = node.armOf(key)!;
    return fieldRanks(arm.fields, carriedBy(node, arm, key), [arm.tag]);
  }
  if ("fields" in node) return fieldRanks(node.fields, key as Carried, []);
  if ("key" in node) {
    const { key: own, item } = node;
    return sorted(entriesOf(key), own)
      .map(([key, value]) => [rankOf(own, key), rankOf(item, value)]);
  }
  if (!("item" in node)) return key;
  if (node.kind in WRAPPERS) {
    const { item, conversion } = node as Wrapper;
    return rankOf(item, conversion ? conversion.encode(key) : key);
  }
  return ranksOf(node.item, key as unknown[]);
}

function fieldRanks(fields: readonly Field[], values: Carried, ranks: Rank[]): Rank[] {
  for (const { key, schema } of fields) ranks.push(rankOf(schema, values[key]));
  return ranks;
}

/** The ranks of keys. */
export function ranksOf(schema: AnySchema, keys: readonly unknown[]): readonly Rank[] {
  return isRank(schema) ? keys : keys.map((key) => rankOf(schema, key));
}

/**
 * Entries in the order of their keys, which should be values of the schema.
 *
 * @param onEqual Called for two keys that are equal, as those of no value are.
 */
export function sorted(entries: Entry[], schema: AnySchema, onEqual?: () => void): Entry[] {
  const order = (a: Rank, b: Rank): number => {
    const sign = compare(a, b);
    if (!sign) onEqual?.();
    return sign;
  };
  if (isRank(schema)) return entries.sort(([a], [b]) => order(a, b));
  return entries.map((entry) => ({ entry, rank: rankOf(schema, entry[0]) }))
    .sort((a, b) => order(a.rank, b.rank))
    .map(({ entry }) => entry);
}

/** Compare two ranks of a type: below, at or above 0. Lists are in lexicographic order. */
export function compare(a: Rank, b: Rank): number {
  // The order of UTF-8 is that of code points: a `char` is a text of one.
  if (typeof a === "string") return compareUtf8(a, b as string);
  if (!(a instanceof Object)) {
    return (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0;
  }
  if ("secs" in a) {
    const { secs, nanos } = b as Duration;
    return compare(a.secs, secs) || (a as Duration).nanos - nanos;
  }
  const [some, others] = [a, b] as ArrayLike<Rank>[] as [ArrayLike<Rank>, ArrayLike<Rank>];
  for (let i = 0; i < some.length && i < others.length; i++) {
    const order = compare(some[i], others[i]);
    if (order) return order;
  }
  return some.length - others.length;
}
