/**
 * {@linkcode storedFraming}: stored blocks out, stored blocks in.
 *
 * @module
 */
import { readBlocks, storeBlocks } from "../deflate/stored_blocks.ts";
import { badDeflate } from "../wire/faults.ts";
import type { Framing } from "../wire/framing.ts";

/** For a client that asks for level 0, and so is sent nothing else. */
export const storedFraming: Framing = {
  waitingBytes: 0,
  send(transport, archive, onSent) {
    const message = storeBlocks(archive);
    onSent(message.length);
    transport.send(message);
  },
  unframe(message, maxInflatedBytes, read) {
    const archive = readBlocks(message, maxInflatedBytes, (code) => {
      throw badDeflate(code, maxInflatedBytes);
    });
    read(archive, 0, archive.length);
  },
};
