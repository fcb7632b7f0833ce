/**
 * {@linkcode turns}: finds the end of a turn of the event loop, when its messages are complete.
 *
 * @module
 */

/**
 * Runs something when nothing more is sent in this turn, as far as can be seen.
 *
 * @param sent How much has been sent so far, in any unit.
 */
export type AtTurnEnd = (sent: () => number, run: () => void) => void;

/** In a microtask. */
export const nextMicrotask: AtTurnEnd = (_sent, run) => queueMicrotask(run);

/**
 * Finds the end of a turn: {@linkcode nextMicrotask}, unless stream items are sent, which come a few
 * microtasks after one another.
 */
export const turns: { atEnd: AtTurnEnd } = { atEnd: nextMicrotask };
