/**
 * Views of maps and sets: keys are found by the archive's own index or tree, and compared in place.
 *
 * @module
 */
import { checkCount, childPointer, type ClaimedNode, claimNode } from "./btree_reader.ts";
import { showKey } from "./collections.ts";
import { CodecError } from "./errors.ts";
import { accept } from "./explain.ts";
import { entryFootprint } from "./parts.ts";
import { lookUp } from "./hash_index.ts";
import { compare, type Rank, rankOf } from "./keys.ts";
import type { AnySchema, BTree, HashTable } from "./schema.ts";
import { INLINE_CAPACITY } from "./layout.ts";
import { toUtf8 } from "./utf8.ts";
import { type Access, Place, type Step, type ViewReader } from "./view_place.ts";

/** The entries of a collection. */
interface Index {
  readonly size: number;
  /** Where the entry of a key is, or -1. */
  find(view: Place, key: unknown, compare: Probe): number;
  /** Where each entry is, in the archive's order. */
  positions(view: Place): Iterable<number>;
}

/** A view on a map or a set. */
class EntriesView extends Place {
  readonly #schema: HashTable | BTree;
  readonly #index: Index;
  readonly #key: Access;
  readonly #value: Access;
  readonly size: number;

  constructor(
    schema: HashTable | BTree,
    index: Index,
    [key, value]: EntryAccess,
    ...place: readonly [reader: ViewReader, at: number, up: Place | undefined, step: Step]
  ) {
    super({ schema }, ...place);
    this.#schema = schema;
    this.#index = index;
    this.#key = key;
    this.#value = value;
    this.size = index.size;
  }

  #find(key: unknown): number {
    const compare = this.size === 0 ? undefined : probe(this.#schema.key, key);
    return compare === undefined ? -1 : this.#index.find(this, key, compare);
  }

  get(key: unknown): unknown {
    const entryAt = this.#find(key);
    if (entryAt < 0) return undefined;
    const at = entryAt + this.#schema.entry.offsets[1]!;
    return Place.see(this, this.#value, at, () => showKey(key));
  }

  has(key: unknown): boolean {
    return this.#find(key) >= 0;
  }

  *entries(): Generator<[unknown, unknown], void, void> {
    const { offsets } = this.#schema.entry;
    let index = 0;
    for (const entryAt of this.#index.positions(this)) {
      yield [
        Place.see(this, this.#key, entryAt + offsets[0]!, index),
        Place.see(this, this.#value, entryAt + offsets[1]!, index),
      ];
      index++;
    }
  }

  *keys(): Generator<unknown, void, void> {
    for (const [key] of this.entries()) yield key;
  }

  *values(): Generator<unknown, void, void> {
    for (const [, value] of this.entries()) yield value;
  }

  [Symbol.iterator](): Generator<unknown, void, void> {
    return this.#schema.kind.endsWith("set") ? this.keys() : this.entries();
  }
}

/** Access to the keys and to the values of a map. */
export type EntryAccess = readonly [key: Access, value: Access];

/** Access to the maps and sets of a schema. */
export function seeEntries(schema: HashTable | BTree, access: EntryAccess): Access {
  const open = "innerEntry" in schema ? openTree : openHashTable;
  return (reader, at, up, step) => {
    const index = open(schema as HashTable & BTree, reader, reader.aim(at, up, step), at);
    return new EntriesView(schema, index, access, reader, at, up, step);
  };
}

function openHashTable(
  schema: HashTable,
  reader: ViewReader,
  aimed: ViewReader,
  at: number,
): Index {
  const { size, align, offsets } = schema.entry;
  const count = reader.u32(at);
  const displacements = aimed.claim(at + 4, reader.i32(at + 4), 4 * count, 4);
  const start = aimed.claim(at + 8, reader.i32(at + 8), count * size, align);
  if (size === 0) aimed.allow(count * entryFootprint(schema), at);
  return {
    size: count,
    find(view, key, compare) {
      const index = lookUp(reader, displacements, count, schema.key, key);
      if (index < 0) return -1;
      const entryAt = start + index * size;
      const keyAt = entryAt + offsets[0]!;
      return compare(Place.aim(view, keyAt, index), keyAt) === 0 ? entryAt : -1;
    },
    *positions() {
      for (let i = 0; i < count; i++) yield start + i * size;
    },
  };
}

function openTree(schema: BTree, reader: ViewReader, aimed: ViewReader, at: number): Index {
  const size = reader.u32(at);
  const entryBytes = schema.entry.size;
  if (entryBytes === 0) aimed.allow(size * entryFootprint(schema), at);
  else if (size * entryBytes > at) {
    aimed.fail("LengthMismatch", at, `at most ${Math.floor(at / entryBytes)} entries`);
  }

  /** The pointee of the pointer at `base`. Nodes lie before their pointers, so that following them terminates. */
  function follow(view: Place, base: number, owner: number): ClaimedNode {
    const aimed = Place.aim(view, owner, "");
    const node = claimNode(aimed, base, schema);
    checkCount(aimed, node);
    return node;
  }

  function child(view: Place, node: ClaimedNode, index: number): ClaimedNode {
    return follow(view, childPointer(node, index), node.at);
  }

  /** The number of a node's keys that are not above the given key. */
  function rank(
    view: Place,
    { at, isInner, start, count, entry }: ClaimedNode,
    compare: Probe,
  ): number {
    const offset = entry.offsets[isInner ? 1 : 0]!;
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const keyAt = start + middle * entry.size + offset;
      if (compare(Place.aim(view, at, middle), keyAt) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  return {
    size,
    find(view, _key, compare) {
      let node = follow(view, at + 4, at);
      let below = rank(view, node, compare);
      while (node.isInner) {
        node = child(view, node, below);
        below = rank(view, node, compare);
      }
      if (below === 0) return -1;
      const entryAt = node.start + (below - 1) * entryBytes;
      const keyAt = entryAt + node.entry.offsets[0]!;
      return compare(Place.aim(view, node.at, below - 1), keyAt) === 0 ? entryAt : -1;
    },
    *positions(view) {
      if (size === 0) return;
      let node = follow(view, at + 4, at);
      while (node.isInner) node = child(view, node, 0);
      let seen = 0;
      while (seen + node.count <= size) {
        for (let i = 0; i < node.count; i++) yield node.start + i * entryBytes;
        seen += node.count;
        if (seen === size) return;
        // Leaves are written from the greatest down: the next leaf lies before.
        node = follow(view, node.at + 4, node.at);
        if (node.isInner) {
          Place.aim(view, node.at, "").fail("InnerNodeInLeafLevel", node.at, "a leaf");
        }
      }
      Place.aim(view, at, "").fail("LengthMismatch", at, `leaves of ${size} entries`);
    },
  };
}

/** Order of the key at a position relative to the given key. The reader must be aimed. */
type Probe = (reader: ViewReader, at: number) => number;

/** A comparison with `key`; `undefined` if nothing can equal it. */
function probe(schema: AnySchema, key: unknown): Probe | undefined {
  if (schema.kind === "string") {
    if (typeof key !== "string" || !key.isWellFormed()) return undefined;
    return (reader, at) => compareString(reader, at, key);
  }
  let rank: Rank;
  try {
    accept(schema, key);
    rank = rankOf(schema, key);
  } catch {
    return undefined;
  }
  if ("min" in schema) {
    return (reader, at) => {
      const own = schema.read(reader, at) as number;
      return own < (key as number) ? -1 : own > (key as number) ? 1 : 0;
    };
  }
  return (reader, at) => {
    try {
      return compare(rankOf(schema, schema.read(reader, at)), rank);
    } catch (cause) {
      if (cause instanceof CodecError) throw cause;
      return reader.fail("BadValue", at, `a key that can be converted (${cause})`);
    }
  };
}

function compareString(reader: ViewReader, at: number, text: string): number {
  const { bytes } = reader;
  let start = at;
  let length = bytes[at + INLINE_CAPACITY]!;
  if (length >= 0x80) {
    length = reader.u32(at);
    start = reader.claim(at, reader.i32(at + 4), length, 1);
  } else if (length > INLINE_CAPACITY) {
    reader.fail("StringRepr", at);
  }
  const common = Math.min(length, text.length);
  for (let i = 0; i < common; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0x80) return compareBytes(bytes, start, length, toUtf8(text));
    if (unit !== bytes[start + i]) return bytes[start + i]! - unit;
  }
  // Both are ASCII so far.
  return length - text.length;
}

function compareBytes(bytes: Uint8Array, start: number, length: number, key: Uint8Array): number {
  const common = Math.min(length, key.length);
  for (let i = 0; i < common; i++) {
    if (bytes[start + i] !== key[i]) return bytes[start + i]! - key[i]!;
  }
  return length - key.length;
}
