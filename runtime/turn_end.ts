/**
 * {@linkcode atTurnEnd}: when what is sent in one turn of the event loop is together.
 *
 * @module
 */
import { turns } from "../wire/turn_end.ts";

/**
 * Run a step at the end of the turn: in a microtask. While stream items are sent, a few microtasks apart, it
 * runs when none has followed for some microtasks.
 *
 * @param sent How much has been sent so far, in any unit.
 */
export function atTurnEnd(sent: () => number, run: () => void): void {
  if (turns.whenQuiet === undefined) queueMicrotask(run);
  else turns.whenQuiet(sent, run);
}
