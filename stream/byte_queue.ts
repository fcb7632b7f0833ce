/**
 * {@linkcode ByteQueue}: pieces of bytes, first in, first out.
 *
 * @module
 */

/** Bytes that are kept for what may come, when there is nothing in it. */
const SPARE_BYTES = 1 << 15;
/** Places of pieces that are gone, from which on they are tidied away. */
const MANY_GONE = 1024;

/** Keeps copies of pieces in one buffer, which grows and shrinks: a buffer each would be larger than a small piece. */
export class ByteQueue {
  /** What holds the pieces. */
  read: Uint8Array = new Uint8Array(0);
  /** Where in it the first begins. */
  start = 0;
  #end = 0;
  readonly #lengths: number[] = [];
  #first = 0;

  /** How many pieces there are. */
  get length(): number {
    return this.#lengths.length - this.#first;
  }

  /** Bytes of all of them. */
  get bytes(): number {
    return this.#end - this.start;
  }

  /** Copy `[start, end)` of some bytes to the end. */
  push(bytes: Uint8Array, start: number, end: number): void {
    const length = end - start;
    if (this.#end + length > this.read.length) this.#makeRoom(length);
    this.read.set(bytes.subarray(start, end), this.#end);
    this.#end += length;
    this.#lengths.push(length);
  }

  /** Take the first piece away; its bytes hold until the next {@linkcode ByteQueue.push}. Returns its length. */
  shift(): number {
    const length = this.#lengths[this.#first++]!;
    this.start += length;
    if (this.#first === this.#lengths.length) this.clear();
    else if (this.#first >= MANY_GONE && this.#first * 2 > this.#lengths.length) {
      this.#lengths.splice(0, this.#first);
      this.#first = 0;
    }
    return length;
  }

  /** Take all away. */
  clear(): void {
    this.start =
      this.#end =
      this.#first =
      this.#lengths.length =
        0;
    if (this.read.length > SPARE_BYTES) this.read = new Uint8Array(0);
  }

  #makeRoom(length: number): void {
    const { bytes } = this;
    const needed = bytes + length;
    // Moving costs what is there: so only where as much has been read.
    const fits = needed <= this.read.length && bytes <= this.start;
    const into = fits ? this.read : new Uint8Array(Math.max(needed, bytes * 2, 256));
    if (fits) into.copyWithin(0, this.start, this.#end);
    else into.set(this.read.subarray(this.start, this.#end));
    this.read = into;
    this.start = 0;
    this.#end = bytes;
  }
}
