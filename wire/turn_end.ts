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
export type WhenQuiet = (sent: () => number, run: () => void) => void;

/** How the end of a turn is found in which items of streams are sent; absent, it is the next microtask. */
export const turns: { whenQuiet: WhenQuiet | undefined } = { whenQuiet: undefined };
