/**
 * What both {@linkcode Deflater}s share: the rungs of the ladder that are our own code.
 *
 * @module
 */
import { deflateFixed, maxFixedSize } from "../deflate/fixed_huffman.ts";
import { deflateStored, storedSize } from "../deflate/stored.ts";

/** Bytes below which nothing is compressed: it saves less than the call costs. */
export const MIN_COMPRESSED_BYTES = 64;

/** Output memory that is kept from one call to the next, in bytes: a message of 1 MiB, and what is around it. */
const MAX_SCRATCH_BYTES = 1_048_576 + 16_384;

/** Deflates with our own code, in memory that is used again for the next message. */
export class SmallDeflater {
  #scratch: Uint8Array<ArrayBuffer> = new Uint8Array(4096);

  #room(size: number): Uint8Array<ArrayBuffer> {
    if (size <= this.#scratch.length) return this.#scratch;
    const room = new Uint8Array(Math.max(size, Math.min(2 * size, MAX_SCRATCH_BYTES)));
    if (room.length <= MAX_SCRATCH_BYTES) this.#scratch = room;
    return room;
  }

  /** Stored or fixed Huffman, whichever is smaller; level 0 and tiny messages are stored. */
  deflate(bytes: Uint8Array, level: number): Uint8Array<ArrayBuffer> {
    const compresses = level > 0 && bytes.length >= MIN_COMPRESSED_BYTES;
    const output = this.#room((compresses ? maxFixedSize : storedSize)(bytes.length));
    if (compresses) {
      const end = deflateFixed(bytes, 0, bytes.length, output, 0);
      if (end >= 0) return output.subarray(0, end);
    }
    return output.subarray(0, deflateStored(bytes, output));
  }
}
