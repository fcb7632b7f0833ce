/**
 * {@linkcode quietTurns}: while items are sent, what is sent in their turn of the event loop goes together.
 *
 * @module
 */
import type { AtTurnEnd, turns } from "../wire/batch.ts";

/** Microtasks without a message after which a page's turn is over. An async generator takes fewer from item to item. */
const QUIET_MICROTASKS = 8;

/** What sources say of the turn of the event loop. */
export interface QuietTurns {
  /** An item is about to be sent: until {@linkcode expectNoMore}, what is sent in this process waits for it. */
  expectMore(): void;
  /** A source has stopped for this turn, with all others unless they go on in the next microtask. */
  expectNoMore(): void;
}

/** Find the end of turns in which items are sent. */
export function quietTurns(all: typeof turns): QuietTurns {
  const { atEnd } = all;
  /** What is to run when no more items come in this turn. */
  let waiting: (() => void)[] = [];
  let isEnding = false;

  const end = (): void => {
    const runs = waiting;
    waiting = [];
    isEnding = false;
    all.atEnd = atEnd;
    for (const run of runs) run();
  };
  const whenQuiet: AtTurnEnd = (sent, run) => {
    if (waiting.push(run) > 1) return;
    // When all microtasks are done. A page has nothing of the kind.
    const { setImmediate: atLast } = globalThis as { setImmediate?: (run: () => void) => unknown };
    // Of a source that takes time nobody knows when its next item comes.
    if (atLast) return void atLast(() => waiting.length > 0 && end());
    let seen = sent();
    let quiet = 0;
    const look = (): void => {
      if (waiting.length === 0) return;
      const now = sent();
      quiet = now === seen ? quiet + 1 : 0;
      seen = now;
      if (quiet < QUIET_MICROTASKS) return queueMicrotask(look);
      end();
    };
    queueMicrotask(look);
  };
  return {
    expectMore() {
      all.atEnd = whenQuiet;
    },
    expectNoMore() {
      if (isEnding) return;
      if (waiting.length === 0) {
        all.atEnd = atEnd;
        return;
      }
      isEnding = true;
      queueMicrotask(end);
    },
  };
}
