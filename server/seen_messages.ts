/**
 * {@linkcode SeenMessages}: what came twice, or too late.
 *
 * @module
 */

/** Nodes whose last message is remembered on one topic; with more, all are forgotten and begin again. */
export const MAX_SEEN_NODES = 64;

/** The last message of each node on one topic. */
export class SeenMessages {
  #nodes: Map<number, number> | undefined;

  /** Whether a message is later than all before of its node. */
  accept(node: number, sequence: number): boolean {
    const nodes = this.#nodes ??= new Map();
    const last = nodes.get(node);
    if (last !== undefined && sequence <= last) return false;
    if (last === undefined && nodes.size >= MAX_SEEN_NODES) nodes.clear();
    nodes.set(node, sequence);
    return true;
  }
}
