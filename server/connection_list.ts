/**
 * {@linkcode ConnectionList}: all connections of a server.
 *
 * @module
 */

/** Something that knows its place in a list. */
export interface Listed {
  /** Its place; -1 if it is in none. */
  slot: number;
}

/** A set of what knows its place: a `Set` would take 70 bytes for each. */
export class ConnectionList<T extends Listed> {
  readonly #items: T[] = [];

  /** How many there are. */
  get size(): number {
    return this.#items.length;
  }

  /** Add one that is in no list. */
  add(item: T): void {
    item.slot = this.#items.push(item) - 1;
  }

  /** Take one out, if it is in. */
  delete(item: T): void {
    if (item.slot === -1) return;
    const last = this.#items.pop();
    if (last !== undefined && last !== item) {
      this.#items[item.slot] = last;
      last.slot = item.slot;
    }
    item.slot = -1;
  }

  /** All of them, in no order. */
  [Symbol.iterator](): IterableIterator<T> {
    return this.#items.values();
  }
}
