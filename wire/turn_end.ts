/**
 * {@linkcode turns}: when what is sent in one turn of the event loop is together.
 *
 * @module
 */

/**
 * Runs something when nothing more is sent in this turn, as far as can be seen.
 *
 * @param sent How much has been sent by now, in whatever unit.
 */
export type AtTurnEnd = (sent: () => number, run: () => void) => void;

/** In a microtask. */
export const nextMicrotask: AtTurnEnd = (_sent, run) => queueMicrotask(run);

/**
 * How the end of a turn is found: {@linkcode nextMicrotask}, unless items of streams are sent, which come a few
 * microtasks after one another.
 */
export const turns: { atEnd: AtTurnEnd } = { atEnd: nextMicrotask };
