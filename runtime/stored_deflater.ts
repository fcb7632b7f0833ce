/**
 * The {@linkcode Deflater} of level 0: stored blocks out, stored blocks in.
 *
 * @module
 */
import { deflateStored, inflateStored, storedSize } from "../deflate/stored.ts";
import type { Deflater } from "../wire/deflater.ts";

/** For a side that asks for level 0, and so is sent nothing else. */
export const storedDeflater: Deflater = {
  deflate(bytes) {
    const output = new Uint8Array(storedSize(bytes.length));
    deflateStored(bytes, output);
    return output;
  },
  inflate: inflateStored,
};
