/**
 * {@linkcode Holding}: what the calls of one connection hold of what all may.
 *
 * @module
 */

/** What the calls of all connections hold. */
export interface Held {
  /** Hold some more. Returns false if they are too many with the others. */
  hold(bytes: number): boolean;
  /** What was held is not any more. */
  letGo(bytes: number): void;
}

/** Lets go of what handlers hold that can settle no more: nobody refers to what they wait for. */
const forgotten = new FinalizationRegistry<Holding>((holding) => holding.letGo(holding.bytes));

/** What the calls of one connection hold. */
export class Holding {
  readonly #all: Held;
  #bytes = 0;

  /** Create with nothing. */
  constructor(all: Held) {
    this.#all = all;
  }

  /** Bytes of memory, estimated, that they hold. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Hold some more. Returns false if they are too many with those of others. */
  hold(bytes: number): boolean {
    if (!this.#all.hold(bytes)) return false;
    this.#bytes += bytes;
    return true;
  }

  /** What was held is not any more. */
  letGo(bytes: number): void {
    this.#bytes -= bytes;
    this.#all.letGo(bytes);
  }

  /** Let go of all when the engine has collected `owner`: what can still let some go refers to it. */
  endWith(owner: object): void {
    forgotten.register(owner, this);
  }
}
