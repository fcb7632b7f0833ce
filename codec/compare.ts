/**
 * {@linkcode compare}: the order of keys.
 *
 * @module
 */
import type { AnySchema, Collection, Field, Node } from "./schema.ts";
import { compareUtf8 } from "./utf8.ts";

type Values = Readonly<Record<string | number, unknown>>;

function compareFields(fields: readonly Field[], a: Values, b: Values): number {
  for (const { key, schema } of fields) {
    const order = compare(schema, a[key], b[key]);
    if (order !== 0) return order;
  }
  return 0;
}

function compareLists(item: AnySchema | undefined, a: unknown, b: unknown): number {
  const [x, y] = [a as ArrayLike<unknown>, b as ArrayLike<unknown>];
  for (let i = 0; i < x.length && i < y.length; i++) {
    const order = item === undefined
      ? (x[i] as number) - (y[i] as number)
      : compare(item, x[i], y[i]);
    if (order !== 0) return order;
  }
  return x.length - y.length;
}

/** The entries of a sorted map or set, by key. */
export function sortedEntries(
  { key, entries }: Collection,
  value: unknown,
): (readonly [key: unknown, item: unknown])[] {
  return entries(value).sort(([a], [b]) => compare(key, a, b));
}

/** Order of two values as Rust's `Ord` has it: below, at or above 0. */
export function compare(schema: AnySchema, a: unknown, b: unknown): number {
  const node = schema as Node;
  switch (node.kind) {
    case "unit":
      return 0;
    case "char":
      return (a as string).codePointAt(0)! - (b as string).codePointAt(0)!;
    case "string":
    case "boxstr":
      return compareUtf8(a as string, b as string);
    case "bytes":
    case "uuid":
    case "ipv4":
    case "ipv6":
      return compareLists(undefined, a, b);
    case "duration": {
      const [x, y] = [a as { secs: bigint; nanos: number }, b as { secs: bigint; nanos: number }];
      return x.secs === y.secs ? x.nanos - y.nanos : x.secs < y.secs ? -1 : 1;
    }
    case "vec":
    case "boxslice":
    case "array":
    case "numbers":
      return compareLists(node.item, a, b);
    case "struct":
    case "tuple":
    case "tstruct":
      return compareFields(node.fields, a as Values, b as Values);
    case "variants":
    case "option":
    case "result":
    case "ip":
    case "sock": {
      const [x, y] = [node.armOf(a)!, node.armOf(b)!];
      if (x !== y) return x.tag - y.tag;
      return compareFields(x.fields, node.carried(x, a), node.carried(x, b));
    }
    case "box":
    case "lazy":
    case "nonzero":
      return compare(node.item, a, b);
    case "convert": {
      const { encode } = node.conversion!;
      return compare(node.item, encode(a), encode(b));
    }
    case "btreemap":
    case "btreeset": {
      const [x, y] = [sortedEntries(node, a), sortedEntries(node, b)];
      for (let i = 0; i < x.length && i < y.length; i++) {
        const order = compare(node.key, x[i]![0], y[i]![0]) ||
          compare(node.item, x[i]![1], y[i]![1]);
        if (order !== 0) return order;
      }
      return x.length - y.length;
    }
    case "arm":
    case "hashmap":
    case "hashset":
      throw new TypeError(`Cannot use ${node.kind} as a sorted map's key`);
    default:
      return (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0;
  }
}
