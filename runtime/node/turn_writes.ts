/**
 * The writes of one turn of the event loop: each socket's frames go out in one.
 *
 * @module
 */

import { atTurnEnd } from "../turn_end.ts";

/** What has frames to write. */
export interface TurnWriter {
  /** The turn is over: write them. */
  endTurn(): void;
  /** A turn has passed: what was written may be done with its buffer. */
  recycleWritten(): void;
}

/** What has frames of this turn to write. */
let unflushed: TurnWriter[] = [];
/** What was still writing when the last turn ended, as far as its buffers may be used again. */
const unfinished: TurnWriter[] = [];
const MAX_UNFINISHED = 1024;

/** Frames that were ever appended. */
let appended = 0;

/** A frame was appended to what is written at the end of the turn. */
export function onAppended(): void {
  appended++;
}

/** Call {@linkcode TurnWriter.endTurn} when this turn is over; asked once a turn. */
export function writeAtEndOfTurn(writer: TurnWriter): void {
  if (unflushed.push(writer) > 1) return;
  atTurnEnd(() => appended, () => {
    for (const each of unfinished) each.recycleWritten();
    unfinished.length = 0;
    const writers = unflushed;
    unflushed = [];
    for (const each of writers) each.endTurn();
  });
}

/** Call {@linkcode TurnWriter.recycleWritten} in the next turn. Returns whether: only so many may wait. */
export function isWriting(writer: TurnWriter): boolean {
  return unfinished.length < MAX_UNFINISHED && unfinished.push(writer) > 0;
}

/** Call it no more. */
export function isNotWriting(writer: TurnWriter): void {
  unfinished.splice(unfinished.indexOf(writer), 1);
}
