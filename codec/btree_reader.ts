/**
 * Reads and checks an archived B-tree, by the rules of rkyv's validator and in its order.
 *
 * Rust: `rkyv/src/collections/btree_map/validation.rs`, rkyv 0.7.46.
 *
 * @module
 */
import { type Container, stepTo } from "./collections.ts";
import { compare } from "./compare.ts";
import { entryFootprint } from "./footprint.ts";
import { roundUp } from "./layout.ts";
import type { Reader } from "./reader.ts";
import type { AnySchema, BTree } from "./schema.ts";

/** Bytes of a node's header: `u32` size, `i32` pointer, `u16` meta, 2 of padding. */
export const NODE_HEADER_BYTES = 12;
/** Bit of a header's meta that tells an inner node. */
export const INNER_NODE = 0x8000;

/** What a tree is made of. */
export type TreeShape = Pick<BTree, "key" | "item" | "entry" | "innerEntry">;

/** Bytes of memory, estimated, of what is kept of a node while its tree is read. */
const NODE_FOOTPRINT = 384;

/** A node that was read. */
export interface ReadNode {
  readonly at: number;
  readonly inner: boolean;
  /** Ascending. */
  readonly keys: unknown[];
  readonly values: unknown[];
  /** Positions of an inner node's children, the least first. */
  readonly children: number[];
  readonly depth: number;
}

/** Check a pointer against the whole archive alone: the first rules of {@linkcode Reader.claim}. */
function inside(reader: Reader, base: number, offset: number, size: number, align: number): number {
  const { start, end, low, high } = reader;
  Object.assign(reader, { low: start, high: end });
  const target = reader.claim(base, offset, size, align);
  Object.assign(reader, { low, high });
  return target;
}

/** Claim bytes that are known to begin in the archive: the other rules. */
export function own(reader: Reader, at: number, size: number): void {
  const { low, high } = reader;
  if (at < low || at >= high) reader.fail("SubtreePointerOutOfBounds", at, size, 1);
  if (high - at < size) reader.fail("SubtreePointerOverrun", at, size, 1);
}

/** What a tree holds. */
export interface ReadTree {
  /** The leaves, ascending. */
  readonly leaves: readonly ReadNode[];
  /** Whether any keys are equal. */
  readonly repeats: boolean;
}

/** Read the tree whose map object is at `at`. `container` is what its entries are kept in. */
export function readTree(
  reader: Reader,
  at: number,
  shape: TreeShape,
  container: Container,
): ReadTree {
  const { view } = reader;
  const count = view.getUint32(at, true);
  if (count === 0) return { leaves: [], repeats: false };

  const rootAt = reader.claim(at + 4, view.getInt32(at + 4, true), NODE_HEADER_BYTES, 4);
  const { high } = reader;
  const rootBytes = nodeBytes(reader, rootAt, shape);
  own(reader, rootAt, rootBytes);
  reader.high = rootAt;
  const root = readNode(reader, rootAt, shape, 0, container);

  const byPosition = new Map<number, ReadNode>([[rootAt, root]]);
  const inners: ReadNode[] = [];
  const queue: ReadNode[] = [root];
  for (let next = 0; next < queue.length && queue[next]!.inner; next++) {
    const node = queue[next]!;
    inners.push(node);
    for (const [base, offset] of childPointers(reader, node, shape)) {
      const childAt = reader.claim(base, offset, NODE_HEADER_BYTES, 4);
      own(reader, childAt, nodeBytes(reader, childAt, shape));
      const child = readNode(reader, childAt, shape, node.depth + 1, container);
      node.children.push(childAt);
      byPosition.set(childAt, child);
      queue.push(child);
    }
  }
  const leaves = queue.slice(inners.length);
  const repeats = checkLeaves(reader, leaves, shape.key, count, at);
  for (const node of inners) checkInnerKeys(reader, node, byPosition, shape.key);
  reader.low = rootAt + rootBytes;
  reader.high = high;
  return { leaves, repeats };
}

function isInner(reader: Reader, at: number): boolean {
  return (reader.view.getUint16(at + 8, true) & INNER_NODE) !== 0;
}

function entryCount(reader: Reader, at: number): number {
  return reader.view.getUint16(at + 8, true) & ~INNER_NODE;
}

function nodeBytes(reader: Reader, at: number, shape: TreeShape): number {
  const entry = isInner(reader, at) ? shape.innerEntry : shape.entry;
  return roundUp(NODE_HEADER_BYTES, entry.align) + entryCount(reader, at) * entry.size;
}

function* childPointers(
  reader: Reader,
  node: ReadNode,
  { innerEntry }: TreeShape,
): Generator<[base: number, offset: number]> {
  const { view } = reader;
  yield [node.at + 4, view.getInt32(node.at + 4, true)];
  const start = node.at + roundUp(NODE_HEADER_BYTES, innerEntry.align);
  for (let i = 0; i < node.keys.length; i++) {
    const base = start + i * innerEntry.size + innerEntry.offsets[0]!;
    yield [base, view.getInt32(base, true)];
  }
}

/** Check one node and read its entries, last to first as they were written. */
function readNode(
  reader: Reader,
  at: number,
  shape: TreeShape,
  depth: number,
  container: Container,
): ReadNode {
  const inner = isInner(reader, at);
  const entry = inner ? shape.innerEntry : shape.entry;
  const count = entryCount(reader, at);
  const block = inside(reader, at, -reader.view.getUint32(at, true), 1, 1);
  if (count === 0) {
    reader.fail(
      inner ? "TooFewInnerNodeEntries" : "TooFewLeafNodeEntries",
      at,
    );
  }
  reader.spend(NODE_FOOTPRINT + count * entryFootprint(shape), at);
  const { low } = reader;
  reader.low = block;
  reader.high = at;
  const start = at + roundUp(NODE_HEADER_BYTES, entry.align);
  const keys = new Array<unknown>(count);
  const values = new Array<unknown>(inner ? 0 : count);
  const keyOffset = entry.offsets[inner ? 1 : 0]!;
  const { steps } = reader;
  for (let i = count - 1; i >= 0; i--) {
    const entryAt = start + i * entry.size;
    reader.path[steps] = i;
    reader.steps = steps + 1;
    keys[i] = shape.key.read(reader, entryAt + keyOffset);
    if (inner) continue;
    reader.steps = stepTo(reader.path, steps, container, keys[i], i);
    values[i] = shape.item.read(reader, entryAt + entry.offsets[1]!);
  }
  reader.steps = steps;
  reader.high = reader.low;
  reader.low = low;
  return { at, inner, keys, values, children: [], depth };
}

/** Returns whether any keys are equal. */
function checkLeaves(
  reader: Reader,
  leaves: readonly ReadNode[],
  key: AnySchema,
  count: number,
  at: number,
): boolean {
  const { depth } = leaves[0]!;
  let total = 0;
  let repeats = false;
  for (const leaf of leaves) {
    if (leaf.inner) reader.fail("InnerNodeInLeafLevel", leaf.at);
    if (leaf.depth !== depth) {
      reader.fail("InvalidLeafNodeDepth", leaf.at, depth);
    }
    total += leaf.keys.length;
    for (let k = 1; k < leaf.keys.length; k++) {
      const order = compare(key, leaf.keys[k - 1], leaf.keys[k]);
      if (order > 0) {
        reader.fail("UnsortedLeafNodeEntries", leaf.at);
      }
      repeats ||= order === 0;
    }
  }
  for (const [i, leaf] of leaves.entries()) {
    if (checkLink(reader, leaf, leaves[i + 1], key)) repeats = true;
  }
  if (total !== count) reader.fail("LengthMismatch", at, count, total);
  return repeats;
}

/** Returns whether the next leaf begins with the key that this one ends with. */
function checkLink(
  reader: Reader,
  leaf: ReadNode,
  next: ReadNode | undefined,
  key: AnySchema,
): boolean {
  const offset = reader.view.getInt32(leaf.at + 4, true);
  if (next === undefined) {
    if (offset !== 0) reader.fail("LastLeafForwardPointerNotNull", leaf.at + 4);
    return false;
  }
  if (inside(reader, leaf.at + 4, offset, NODE_HEADER_BYTES, 4) !== next.at) {
    reader.fail("UnlinkedLeafNode", leaf.at + 4);
  }
  const order = compare(key, leaf.keys.at(-1), next.keys[0]);
  if (order > 0) reader.fail("UnsortedLeafNode", next.at);
  return order === 0;
}

function checkInnerKeys(
  reader: Reader,
  node: ReadNode,
  byPosition: ReadonlyMap<number, ReadNode>,
  key: AnySchema,
): void {
  for (const [i, own] of node.keys.entries()) {
    let first = byPosition.get(node.children[i + 1]!)!;
    while (first.inner) first = byPosition.get(first.children[0]!)!;
    if (compare(key, own, first.keys[0]) !== 0) {
      reader.fail("IncorrectChildKey", node.at);
    }
  }
}
