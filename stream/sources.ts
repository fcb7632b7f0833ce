/**
 * {@linkcode countSource}: sources that are pulled, and what that means for when is sent.
 *
 * @module
 */
import { turns, type WhenQuiet } from "../wire/turn_end.ts";

/** Microtasks in which nothing more is sent before the turn is over. An async generator takes fewer from item to item. */
const QUIET_MICROTASKS = 8;

let pulled = 0;

/**
 * A source is begun to be pulled (1), or is no more (-1). As long as one is, in this process, what is sent waits a few
 * microtasks for more: the items of a turn go together.
 */
export function countSource(change: 1 | -1): void {
  pulled += change;
  turns.whenQuiet = pulled > 0 ? whenQuiet : undefined;
}

const whenQuiet: WhenQuiet = (sent, run) => {
  let seen = sent();
  let quiet = 0;
  const look = (): void => {
    const now = sent();
    quiet = now === seen ? quiet + 1 : 0;
    seen = now;
    if (quiet === QUIET_MICROTASKS) run();
    else queueMicrotask(look);
  };
  queueMicrotask(look);
};
