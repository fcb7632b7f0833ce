/**
 * What a page has in place of more: {@linkcode storedFraming}.
 *
 * @module
 */
import { readBlocks, storeBlocks } from "../deflate/stored_blocks.ts";
import { badDeflate, tooBig } from "../wire/faults.ts";
import type { Framing } from "../wire/deflater.ts";

/** Framing for a client with level 0, which receives only stored blocks. */
export const storedFraming: Framing = {
  waitingBytes: 0,
  frame: (archive, post) => post(storeBlocks(archive)),
  unframe(message, { maxMessageBytes, maxInflatedBytes }, read, mayBeMore) {
    const [archive, end, fault] = readBlocks(message, maxInflatedBytes, mayBeMore);
    if (fault) throw badDeflate(fault, maxInflatedBytes);
    if (end > maxMessageBytes) throw tooBig("maxMessageBytes", maxMessageBytes);
    read(archive, 0, archive.length);
    return end;
  },
};
