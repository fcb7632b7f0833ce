/**
 * Reads and checks an archived B-tree, by the rules of rkyv's validator and in its order.
 *
 * Rust: `rkyv/src/collections/btree_map/validation.rs`, rkyv 0.7.46.
 *
 * @module
 */
import type { Entries } from "./collections.ts";
import { compare, type Rank, ranksOf } from "./keys.ts";
import { entryFootprint, NODE_FOOTPRINT, spend } from "./parts.ts";
import { type FieldsLayout, INNER_NODE, NODE_HEADER_BYTES } from "./layout.ts";
import type { Reader } from "./reader.ts";
import type { BTree } from "./schema.ts";

/** A node whose bytes are claimed. */
export interface ClaimedNode {
  readonly at: number;
  readonly isInner: boolean;
  /** How many entries it has. */
  readonly count: number;
  /** Where the first entry is. */
  readonly start: number;
  /** Where parts of an entry are. */
  readonly entry: FieldsLayout;
}

/** A node that was read. */
interface ReadNode extends ClaimedNode {
  /** Ascending. */
  readonly keys: readonly unknown[];
  readonly ranks: readonly Rank[];
  readonly values: unknown[];
  /** An inner node's children, the least first. */
  readonly children: ReadNode[];
  readonly depth: number;
}

/** The content of a tree. */
export interface ReadTree {
  /** The leaves, ascending. */
  readonly leaves: readonly ReadNode[];
  /** Whether any keys are equal. */
  readonly repeats: boolean;
}

/** Check a pointer against the whole archive alone: the first rules of {@linkcode Reader.claim}. */
function inside(reader: Reader, base: number, offset: number, size: number, align: number): number {
  const { start, end, low, high } = reader;
  reader.low = start;
  reader.high = end;
  const target = reader.claim(base, offset, size, align);
  reader.low = low;
  reader.high = high;
  return target;
}

/** Claim the node that the pointer at `base` leads to: its header, then, by the other rules, its entries. */
export function claimNode(reader: Reader, base: number, tree: BTree): ClaimedNode {
  const at = reader.claim(base, reader.i32(base), NODE_HEADER_BYTES, 4);
  const meta = reader.i32(at + 8) & 0xffff;
  const isInner = meta >= INNER_NODE;
  const count = meta & ~INNER_NODE;
  const entry = isInner ? tree.innerEntry : tree.entry;
  // Aligned, if to more than the header is.
  const start = at + NODE_HEADER_BYTES + (entry.align > 4 ? 4 : 0);
  const size = start - at + count * entry.size;
  if (reader.high - at < size) reader.fail("SubtreePointerOverrun", at, size, 1);
  return { at, isInner, count, start, entry };
}

/** Where the pointer to a child of an inner node is; the first is the least. */
export function childPointer(
  { at, start, entry: { size, offsets } }: ClaimedNode,
  index: number,
): number {
  return index === 0 ? at + 4 : start + (index - 1) * size + offsets[0]!;
}

/** Refuse a node without entries. */
export function checkCount(reader: Reader, { at, isInner, count }: ClaimedNode): void {
  if (count > 0) return;
  reader.fail(isInner ? "TooFewInnerNodeEntries" : "TooFewLeafNodeEntries", at);
}

/** Read the tree whose map object is at `at`. `entries` are the functions of its entries. */
export function readTree(reader: Reader, at: number, tree: BTree, entries: Entries): ReadTree {
  const count = reader.u32(at);
  if (count === 0) return { leaves: [], repeats: false };
  const { high } = reader;
  const root = readNode(reader, at + 4, tree, 0, entries);
  const nodes = [root];
  let next = 0;
  for (let node = root; node.isInner; node = nodes[++next]!) {
    for (let i = 0; i <= node.count; i++) {
      const child = readNode(reader, childPointer(node, i), tree, node.depth + 1, entries);
      node.children.push(child);
      nodes.push(child);
    }
  }
  const leaves = nodes.slice(next);
  const repeats = checkLeaves(reader, leaves, count, at);
  for (const { at, ranks, children } of nodes.slice(0, next)) {
    ranks.forEach((own, i) => {
      let first = children[i + 1]!;
      while (first.isInner) first = first.children[0]!;
      if (compare(own, first.ranks[0]) !== 0) reader.fail("IncorrectChildKey", at);
    });
  }
  reader.low = root.start + root.count * root.entry.size;
  reader.high = high;
  return { leaves, repeats };
}

/** Check one node and read its entries, last to first as they were written. */
function readNode(
  reader: Reader,
  base: number,
  tree: BTree,
  depth: number,
  entries: Entries,
): ReadNode {
  const node = claimNode(reader, base, tree);
  const { at, isInner, count, start, entry: { size, offsets } } = node;
  const block = inside(reader, at, 0 - reader.u32(at), 1, 1);
  checkCount(reader, node);
  spend(reader, NODE_FOOTPRINT + count * entryFootprint(tree), at);
  const { low, steps } = reader;
  reader.low = block;
  reader.high = at;
  const keys = new Array<unknown>(count);
  const values = new Array<unknown>(isInner ? 0 : count);
  for (let i = count - 1; i >= 0; i--) {
    const entryAt = start + i * size;
    reader.path[steps] = i;
    reader.steps = steps + 1;
    keys[i] = entries.schema.read(reader, entryAt + offsets[isInner ? 1 : 0]!);
    if (isInner) continue;
    reader.steps = entries.step(reader.path, steps, keys[i], i);
    values[i] = tree.item.read(reader, entryAt + offsets[1]!);
  }
  reader.steps = steps;
  reader.high = reader.low;
  reader.low = low;
  const ranks = ranksOf(entries.schema, keys);
  return { ...node, keys, ranks, values, children: [], depth };
}

/** Check that leaves are at one depth, linked and ascending. Returns whether any keys are equal. */
function checkLeaves(
  reader: Reader,
  leaves: readonly ReadNode[],
  count: number,
  at: number,
): boolean {
  const { depth } = leaves[0]!;
  let total = 0;
  let repeats = false;
  const isUnsorted = (a: Rank, b: Rank): boolean => {
    const order = compare(a, b);
    repeats ||= order === 0;
    return order > 0;
  };
  for (const { at, isInner, ranks, depth: own } of leaves) {
    if (isInner) reader.fail("InnerNodeInLeafLevel", at);
    if (own !== depth) reader.fail("InvalidLeafNodeDepth", at, depth);
    total += ranks.length;
    for (let k = 1; k < ranks.length; k++) {
      if (isUnsorted(ranks[k - 1], ranks[k])) reader.fail("UnsortedLeafNodeEntries", at);
    }
  }
  leaves.forEach(({ at, ranks }, i) => {
    const offset = reader.i32(at + 4);
    const next = leaves[i + 1];
    if (next === undefined) {
      if (offset !== 0) reader.fail("LastLeafForwardPointerNotNull", at + 4);
      return;
    }
    if (inside(reader, at + 4, offset, NODE_HEADER_BYTES, 4) !== next.at) {
      reader.fail("UnlinkedLeafNode", at + 4);
    }
    if (isUnsorted(ranks.at(-1), next.ranks[0])) reader.fail("UnsortedLeafNode", next.at);
  });
  if (total !== count) reader.fail("LengthMismatch", at, count, total);
  return repeats;
}
