/**
 * {@linkcode expectMore}: that items are sent has what is sent in their turn wait for the next.
 *
 * @module
 */
import { type AtTurnEnd, nextMicrotask, turns } from "../wire/turn_end.ts";

/** Microtasks in which nothing more is sent before the turn is over. An async generator takes fewer from item to item. */
const QUIET_MICROTASKS = 8;

/** An item is about to be sent: until no more are, what is sent in this process waits a few microtasks. */
export function expectMore(): void {
  turns.atEnd = whenQuiet;
}

const whenQuiet: AtTurnEnd = (sent, run) => {
  let seen = sent();
  let quiet = 0;
  const look = (): void => {
    const now = sent();
    quiet = now === seen ? quiet + 1 : 0;
    seen = now;
    if (quiet < QUIET_MICROTASKS) return queueMicrotask(look);
    turns.atEnd = nextMicrotask;
    run();
  };
  queueMicrotask(look);
};
