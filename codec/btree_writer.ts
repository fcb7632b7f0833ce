/**
 * Writes a B-tree as rkyv does: leaves from the greatest keys down, then each level above them.
 *
 * Rust: `rkyv/src/collections/btree_map/mod.rs`, rkyv 0.7.46.
 *
 * @module
 */
import { INNER_NODE, NODE_HEADER_BYTES, type TreeShape } from "./btree_reader.ts";
import type { Schema } from "./schema.ts";
import type { Writer } from "./writer.ts";

/** rkyv begins a new node when one reaches this many bytes, its parts included. */
const NODE_BYTES = 4096;
/** An inner node is aligned to 8 by 64-bit peers. */
const INNER_NODE_ALIGN = 8;

interface Node {
  readonly firstKey: unknown;
  readonly at: number;
}

/** Entries in the order of their keys. */
export type Sorted<V> = readonly (readonly [key: unknown, item: V])[];

/** Write the tree of at least one entry; returns where its root is. */
export function writeTree<V>(
  writer: Writer,
  shape: TreeShape,
  value: Schema<V>,
  entries: Sorted<V>,
): number {
  let level = writeLeaves(writer, shape, value, entries);
  while (level.length > 1) level = writeInner(writer, shape, level);
  return level[0]!.at;
}

/** Greatest keys first; returns the leaves in the order they were written. */
function writeLeaves<V>(
  writer: Writer,
  { key: keySchema, leafEntry: { size, align, offsets } }: TreeShape,
  value: Schema<V>,
  entries: Sorted<V>,
): Node[] {
  const nodes: Node[] = [];
  let last = entries.length;
  while (last > 0) {
    const blockStart = writer.position;
    const bottom = writer.top;
    let first = last;
    const tops: number[] = [];
    do {
      const [key, item] = entries[--first]!;
      tops.push(writer.top);
      keySchema.serialize(writer, key);
      value.serialize(writer, item);
    } while (
      first > 0 &&
      writer.position - blockStart + NODE_HEADER_BYTES + (last - first) * size < NODE_BYTES
    );
    const at = writeHeader(
      writer,
      Math.max(4, align),
      blockStart,
      last - first,
      nodes.at(-1)?.at,
    );
    const start = writer.reserve((last - first) * size, align);
    const { cursor } = writer;
    for (let i = first; i < last; i++) {
      const [key, item] = entries[i]!;
      const entryAt = start + (i - first) * size;
      writer.cursor = tops[last - 1 - i]!;
      keySchema.resolve(writer, entryAt + offsets[0]!, key);
      value.resolve(writer, entryAt + offsets[1]!, item);
    }
    writer.cursor = cursor;
    writer.top = bottom;
    nodes.push({ firstKey: entries[first]![0], at });
    last = first;
  }
  return nodes;
}

function writeInner(
  writer: Writer,
  { key: keySchema, innerEntry: { size, align, offsets } }: TreeShape,
  level: readonly Node[],
): Node[] {
  const nodes: Node[] = [];
  let next = 0;
  while (next < level.length) {
    const blockStart = writer.position;
    const bottom = writer.top;
    const first = next;
    const tops: number[] = [];
    const take = () => {
      tops.push(writer.top);
      keySchema.serialize(writer, level[next++]!.firstKey);
    };
    while (level.length - next > 1) {
      take();
      const count = next - first;
      if (
        writer.position - blockStart + NODE_HEADER_BYTES + count * size >= NODE_BYTES &&
        count >= 2
      ) break;
    }
    if (level.length - next === 2) take();
    const least = level[next++]!;
    const count = next - 1 - first;
    const headerAlign = Math.max(INNER_NODE_ALIGN, align);
    const at = writeHeader(writer, headerAlign, blockStart, INNER_NODE | count, least.at);
    const start = writer.reserve(count * size, align);
    const { cursor } = writer;
    for (let i = 0; i < count; i++) {
      // Ascending in memory, descending in the level.
      const child = level[next - 2 - i]!;
      const entryAt = start + i * size;
      writer.setPointer(entryAt + offsets[0]!, child.at);
      writer.cursor = tops[count - 1 - i]!;
      keySchema.resolve(writer, entryAt + offsets[1]!, child.firstKey);
    }
    writer.cursor = cursor;
    writer.top = bottom;
    nodes.push({ firstKey: least.firstKey, at });
  }
  return nodes;
}

function writeHeader(
  writer: Writer,
  align: number,
  blockStart: number,
  meta: number,
  target: number | undefined,
): number {
  writer.pad(align);
  const blockBytes = writer.position - blockStart;
  const at = writer.reserve(NODE_HEADER_BYTES, 4);
  writer.setU32(at, blockBytes);
  if (target !== undefined) writer.setPointer(at + 4, target);
  writer.view.setUint16(at + 8, meta, true);
  return at;
}
