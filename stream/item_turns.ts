/**
 * {@linkcode itemTurns}: bounds how long sources may hold the event loop, over all streams of a process.
 *
 * The items of many sources follow each other in microtasks. After {@linkcode MAX_TURN_MS} the rest of the sources
 * wait until the event loop has run, and then go on in turns.
 *
 * @module
 */
import type { Resumable } from "./gate.ts";

/** Milliseconds after which further items wait. */
const MAX_TURN_MS = 10;
/** Bytes of items between two readings of the clock. A turn of fewer has no start. */
const LOOK_BYTES = 8192;

/** Runs a step when the event loop has come round. */
export type Later = (run: () => void) => unknown;

/** Run a step when the event loop has come round. Timers take too long, above all in a hidden page. */
const comesRound: Later = (run) => {
  const { setImmediate } = globalThis as { setImmediate?: Later };
  if (setImmediate) return setImmediate(run);
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => {
    port1.close();
    run();
  };
  port2.postMessage(0);
};

const waiting = new Set<Resumable>();
let unlookedBytes = 0;
let began: number | undefined;
let isOver = false;

function endTurn(): void {
  if (!isOver) began = undefined;
}

function goOn(): void {
  isOver = false;
  began = undefined;
  unlookedBytes = LOOK_BYTES;
  for (const source of waiting) {
    waiting.delete(source);
    source.resume();
    if (isOver) break;
  }
}

/** The turns, as a gate sees them. */
export interface ItemTurns {
  /** Whether a source must wait for the next turn, in which it is resumed. */
  mustWait(source: Resumable): boolean;
  /** An item of so many bytes was made and sent. */
  spend(bytes: number): void;
}

/**
 * The turns of this process, by a clock.
 *
 * @param later Runs a step when the event loop has polled for input. Default: when it has come round.
 */
export function itemTurns(now: () => number, later: Later = comesRound): ItemTurns {
  return {
    mustWait(source) {
      if (isOver) waiting.add(source);
      return isOver;
    },
    spend(bytes) {
      if ((unlookedBytes += bytes) < LOOK_BYTES || isOver) return;
      unlookedBytes = 0;
      const time = now();
      if (began === undefined) {
        began = time;
        comesRound(endTurn);
      } else if (time - began >= MAX_TURN_MS) {
        isOver = true;
        later(goOn);
      }
    },
  };
}
