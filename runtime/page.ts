/**
 * What a page has in place of more: {@linkcode storedFraming} and {@linkcode pageTimers}.
 *
 * @module
 */
import { readBlocks, storeBlocks } from "../deflate/stored_blocks.ts";
import { badDeflate, tooBig } from "../wire/faults.ts";
import type { Framing } from "../wire/deflater.ts";
import type { Timers } from "../wire/clock.ts";

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

/** A page's timers: as of `systemClock`, one that is late lets what has come meanwhile be heard first. Delays are below 2³¹. */
export const pageTimers: Timers = {
  now: () => performance.now(),
  after(delayMs, run) {
    // A timer that is later than the first is late, and leaves the second for what has come in the meantime.
    const LATE_MS = 5;
    const GRACE_MS = 20;
    const lateMs = performance.now() + delayMs + LATE_MS;
    let id = setTimeout(() => {
      if (performance.now() < lateMs) run();
      else id = setTimeout(run, GRACE_MS);
    }, delayMs);
    return () => clearTimeout(id);
  },
};
