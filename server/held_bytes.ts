/**
 * {@linkcode HeldBytes}: what the arguments of all calls hold.
 *
 * @module
 */

/** Bytes from which the arguments of a call in flight count: 256 smaller ones have 1 MiB together. */
export const MIN_HELD_BYTES = 4096;

/**
 * Sums up what the handlers of one server were given and have not settled: also those of connections that
 * have ended, since nothing stops a handler.
 */
export class HeldBytes {
  readonly #max: number;
  #bytes = 0;

  /** Create with the limit `maxTotalHeldBytes`. */
  constructor(max: number) {
    this.#max = max;
  }

  /** Bytes of memory, estimated, that are held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes of memory, estimated, that the arguments of one more call may take: small ones always may. */
  get room(): number {
    // One that is larger than all may be is let in by its own limit.
    return this.#bytes === 0 ? Infinity : Math.max(MIN_HELD_BYTES, this.#max - this.#bytes);
  }

  /** Hold some more. Returns false if they are too many with the others. */
  hold(bytes: number): boolean {
    if (this.#bytes > 0 && this.#bytes + bytes > this.#max) return false;
    this.#bytes += bytes;
    return true;
  }

  /** What was held is not any more. */
  release(bytes: number): void {
    this.#bytes -= bytes;
  }
}
