/**
 * {@linkcode Holding}: the memory held by one connection's calls.
 *
 * @module
 */

/** The memory held by the calls of all connections. */
export interface Held {
  /** Hold more bytes. Returns false if the total would exceed the limit. */
  hold(bytes: number): boolean;
  /** Release bytes. */
  letGo(bytes: number): void;
}

/** Releases the memory of handlers that can never settle, because their promise was garbage-collected. */
const forgotten = new FinalizationRegistry<Holding>((holding) => holding.letGo(holding.bytes));

/** The memory held by the calls of one connection. */
export class Holding {
  readonly #all: Held;
  #bytes = 0;

  /** Create with nothing. */
  constructor(all: Held) {
    this.#all = all;
  }

  /** Estimated bytes of memory they hold. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Hold more bytes. Returns false if the total would exceed the limit. */
  hold(bytes: number): boolean {
    if (!this.#all.hold(bytes)) return false;
    this.#bytes += bytes;
    return true;
  }

  /** Release bytes. */
  letGo(bytes: number): void {
    this.#bytes -= bytes;
    this.#all.letGo(bytes);
  }

  /** Release everything when `owner` is garbage-collected: everything that could release bytes refers to it. */
  endWith(owner: object): void {
    forgotten.register(owner, this);
  }
}
