/**
 * {@linkcode atTurnEnd}: when what is sent in one turn of the event loop is together.
 *
 * @module
 */
import { turns } from "../wire/turn_end.ts";

/**
 * Run something when the turn is over: in a microtask, or while items of streams are sent, which come a few
 * microtasks after one another, when none has come for some.
 *
 * @param sent How much has been sent by now, in whatever unit.
 */
export function atTurnEnd(sent: () => number, run: () => void): void {
  if (turns.whenQuiet === undefined) queueMicrotask(run);
  else turns.whenQuiet(sent, run);
}
