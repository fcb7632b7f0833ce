/**
 * Views of B-trees, which look up keys by descending the tree.
 *
 * @module
 */
import { checkCount, childPointer, type ClaimedNode, claimNode } from "./btree_reader.ts";
import { entryFootprint } from "./footprint.ts";
import type { BTree } from "./schema.ts";
import { type Probe, probe } from "./view_key.ts";
import { EntriesView, type EntryAccess, keyStep } from "./view_map.ts";
import type { Place, Step, ViewReader } from "./view_place.ts";

/** A view on a `BTreeMap`. */
export class BTreeView extends EntriesView {
  readonly #reader: ViewReader;
  readonly #schema: BTree;
  readonly #access: EntryAccess;
  readonly #at: number;
  readonly size: number;

  constructor(
    schema: BTree,
    access: EntryAccess,
    reader: ViewReader,
    at: number,
    up: Place | undefined,
    step: Step,
  ) {
    super({ schema }, reader, at, up, step);
    this.size = reader.u32(at);
    const entryBytes = schema.entry.size;
    if (entryBytes === 0) {
      reader.aim(at, up, step).allow(this.size * entryFootprint(schema), at);
    } else if (this.size * entryBytes > at) {
      const most = Math.floor(at / entryBytes);
      reader.aim(at, up, step).fail("LengthMismatch", at, `at most ${most} entries`);
    }
    this.#reader = reader;
    this.#schema = schema;
    this.#access = access;
    this.#at = at;
  }

  /** The pointee of the pointer at `base`. Nodes lie before their pointers, so that following them terminates. */
  #follow(base: number, owner: number): ClaimedNode {
    const aimed = this.#reader.aim(owner, this, "");
    const node = claimNode(aimed, base, this.#schema);
    checkCount(aimed, node);
    return node;
  }

  /** The number of a node's keys that are not above the given key. */
  #rank({ at, isInner, start, count, entry }: ClaimedNode, compare: Probe): number {
    const offset = entry.offsets[isInner ? 1 : 0]!;
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const keyAt = start + middle * entry.size + offset;
      if (compare(this.#reader.aim(at, this, middle), keyAt) <= 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #find(key: unknown): number {
    if (this.size === 0) return -1;
    const compare = probe(this.#schema.key, key);
    if (compare === undefined) return -1;
    let node = this.#follow(this.#at + 4, this.#at);
    let rank = this.#rank(node, compare);
    while (node.isInner) {
      node = this.#child(node, rank);
      rank = this.#rank(node, compare);
    }
    if (rank === 0) return -1;
    const entryAt = node.start + (rank - 1) * node.entry.size;
    const keyAt = entryAt + node.entry.offsets[0]!;
    return compare(this.#reader.aim(node.at, this, rank - 1), keyAt) === 0 ? entryAt : -1;
  }

  /** Children of an inner node, the least first. */
  #child(node: ClaimedNode, index: number): ClaimedNode {
    return this.#follow(childPointer(node, index), node.at);
  }

  get(key: unknown): unknown {
    const entryAt = this.#find(key);
    if (entryAt < 0) return undefined;
    const at = entryAt + this.#schema.entry.offsets[1]!;
    return this.#access.value(this.#reader, at, this, keyStep(key));
  }

  has(key: unknown): boolean {
    return this.#find(key) >= 0;
  }

  *entries(): Generator<[unknown, unknown], void, void> {
    if (this.size === 0) return;
    let node = this.#follow(this.#at + 4, this.#at);
    while (node.isInner) node = this.#child(node, 0);
    let index = 0;
    for (;;) {
      const { offsets, size } = node.entry;
      if (index + node.count > this.size) break;
      for (let i = 0; i < node.count; i++, index++) {
        const entryAt = node.start + i * size;
        yield [
          this.#access.key(this.#reader, entryAt + offsets[0]!, this, index),
          this.#access.value(this.#reader, entryAt + offsets[1]!, this, index),
        ];
      }
      if (index === this.size) return;
      // Leaves are written from the greatest down: the next leaf lies before.
      node = this.#follow(node.at + 4, node.at);
      if (node.isInner) {
        this.#reader.aim(node.at, this, "").fail("InnerNodeInLeafLevel", node.at, "a leaf");
      }
    }
    this.#reader.aim(this.#at, this, "").fail(
      "LengthMismatch",
      this.#at,
      `leaves of ${this.size} entries`,
    );
  }
}
