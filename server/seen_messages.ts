/**
 * {@linkcode SeenMessages}: what came twice, too late, or not at all.
 *
 * @module
 */

/** Nodes whose last message is remembered on one topic; with more, the one known longest is forgotten. */
export const MAX_SEEN_NODES = 1024;
/** Events that may be missing at once; a message that skips more is of nobody's. */
export const MAX_SKIPPED_EVENTS: number = 2 ** 32;
/** Milliseconds after which messages from before a jump are taken again: who jumped was somebody else. */
export const FORGIVE_AFTER_MS = 1000;

/** The message came before, or after a later one. */
export const STALE = -1;
/** The message skips more than any node emits. */
export const IMPOSSIBLE = -2;

interface Jump {
  /** The number that was expected. */
  readonly from: number;
  readonly atMs: number;
}

/**
 * What each node is to send next on one topic: a node numbers the events it emits on a topic from 0.
 *
 * A number that is too high says that events are missing. If those come after all, a second later or
 * more, then whoever sent the high number was not their node, and they are taken.
 */
export class SeenMessages {
  #expected: Map<number, number> | undefined;
  #jumps: Map<number, Jump> | undefined;

  /** Whether a node has been heard. */
  knows(node: number): boolean {
    return this.#expected?.has(node) === true;
  }

  /**
   * Take a message of `count` events, the first of which has a number. Returns how many events are
   * missing before it, {@linkcode STALE} or {@linkcode IMPOSSIBLE}.
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
