/**
 * Writes at the end of a turn of the event loop: one write per socket.
 *
 * @module
 */

import { turns } from "../../wire/turn_end.ts";

/** A writer with frames to write. */
export interface TurnWriter {
  /** The turn has ended: write them. */
  endTurn(): void;
  /** One turn has passed: the written buffer may be free. */
  recycleWritten(): void;
}

/** Writers with frames of this turn. */
let unflushed: TurnWriter[] = [];
/** Writers that were still writing when the last turn ended, whose buffers can be reused. */
const unfinished: TurnWriter[] = [];
const MAX_UNFINISHED = 1024;

/** Count of all appended frames. */
let appended = 0;

/** Count a frame that is written at the end of the turn. */
export function onAppended(): void {
  appended++;
}

/** Schedule {@linkcode TurnWriter.endTurn} for the end of this turn; called once a turn. */
export function writeAtEndOfTurn(writer: TurnWriter): void {
  if (unflushed.push(writer) > 1) return;
  turns.atEnd(() => appended, () => {
    for (const each of unfinished) each.recycleWritten();
    unfinished.length = 0;
    const writers = unflushed;
    unflushed = [];
    for (const each of writers) each.endTurn();
  });
}

/** Schedule {@linkcode TurnWriter.recycleWritten} for the next turn. Returns false if too many are waiting. */
export function isWriting(writer: TurnWriter): boolean {
  return unfinished.length < MAX_UNFINISHED && unfinished.push(writer) > 0;
}

/** Remove a writer. */
export function isNotWriting(writer: TurnWriter): void {
  unfinished.splice(unfinished.indexOf(writer), 1);
}
