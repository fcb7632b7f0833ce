/**
 * {@linkcode SeenMessages}: detects duplicate, late and missing messages.
 *
 * @module
 */

/** Most nodes remembered per topic; beyond it the oldest is forgotten. */
export const MAX_SEEN_NODES = 1024;
/** Most events that may be missing at once; a message that skips more is invalid. */
export const MAX_SKIPPED_EVENTS: number = 2 ** 32;
/** Milliseconds after which messages from before a jump are accepted again: another sender made the jump. */
export const FORGIVE_AFTER_MS = 1000;

/** The message is a duplicate, or arrived after a later one. */
export const STALE = -1;
/** The message skips more events than any node emits. */
export const IMPOSSIBLE = -2;

interface Jump {
  /** The number that was expected. */
  readonly from: number;
  readonly atMs: number;
}

/**
 * The next expected event number of each node on one topic: nodes number their events per topic from 0.
 *
 * A number that is too high means that events are missing. If they arrive after all, at least a second later,
 * another sender had forged the high number, and they are accepted.
 */
export class SeenMessages {
  #expected: Map<number, number> | undefined;
  #jumps: Map<number, Jump> | undefined;

  /** Whether a node is known. */
  knows(node: number): boolean {
    return this.#expected?.has(node) === true;
  }

  /**
   * Record a message of `count` events and the number of its first. Returns the number of events missing before
   * it, {@linkcode STALE} or {@linkcode IMPOSSIBLE}.
   */
  accept(node: number, number: number, count: number, now: () => number): number {
    const nodes = this.#expected ??= new Map();
    const expected = nodes.get(node);
    if (number === expected) {
      nodes.set(node, number + count);
      this.#jumps?.delete(node);
      return 0;
    }
    if (expected === undefined) {
      if (nodes.size >= MAX_SEEN_NODES) this.#forgetFirst(nodes);
      nodes.set(node, number + count);
      if (number > 0) this.#jumped(node, 0, now());
      return 0;
    }
    if (number > expected) {
      if (number - expected >= MAX_SKIPPED_EVENTS) return IMPOSSIBLE;
      nodes.set(node, number + count);
      this.#jumped(node, expected, now());
      return number - expected;
    }
    const jump = this.#jumps?.get(node);
    if (jump === undefined || number < jump.from || now() - jump.atMs < FORGIVE_AFTER_MS) {
      return STALE;
    }
    nodes.set(node, number + count);
    this.#jumps?.delete(node);
    return 0;
  }

  #jumped(node: number, from: number, atMs: number): void {
    (this.#jumps ??= new Map()).set(node, { from, atMs });
  }

  #forgetFirst(nodes: Map<number, number>): void {
    for (const node of nodes.keys()) {
      nodes.delete(node);
      this.#jumps?.delete(node);
      return;
    }
  }
}
