/**
 * {@linkcode itemTurns}: bounds how long sources and readers may hold the event loop, over all streams of a process.
 *
 * The items of many sources follow each other in microtasks. After {@linkcode MAX_TURN_MS} the rest of the sources
 * wait until the event loop has run, and then share the next turn.
 *
 * @module
 */

/** The sender of a stream's items. */
export interface Resumable {
  /** Go on, or ask again. */
  resume(): void;
}

/** Milliseconds after which further items wait. The current one is always finished. */
// As in `runtime/turn.ts`.
const MAX_TURN_MS = 10;
/** Bytes of items between two readings of the clock, at most. */
const LOOK_BYTES = 8192;
/** Items between two readings, at most. There are fewer while items are slow. */
const LOOK_ITEMS = 16;
/** Milliseconds between two readings after which every item is looked at. A turn of fewer has no start. */
const SLOW_MS = 1;

/** Runs a step when the event loop has come round. */
export type Later = (run: () => void) => unknown;

/** Run a step when the event loop has come round. Timers take too long, above all in a hidden page. */
const comesRound: Later = (run) => {
  const { setImmediate } = globalThis as { setImmediate?: Later };
  if (setImmediate) return setImmediate(run);
  const { port1, port2 } = channel ??= new MessageChannel();
  runs.push(run);
  // Only while it waits, because a port that listens keeps a process alive.
  port1.onmessage = () => {
    const next = runs.shift()!;
    if (runs.length === 0) port1.onmessage = null;
    next();
  };
  port2.postMessage(0);
};

/** A page's, made once: that takes longer than all else of a turn. */
let channel: MessageChannel | undefined;
const runs: (() => void)[] = [];

const waiting = new Set<Resumable>();
/** Bytes until the next reading of the clock, and what an item counts in addition to its own. */
let left = 0;
let itemBytes = LOOK_BYTES;
/** When it was read. */
let looked = 0;
/** When the turn ends, or one source's share of it; 0 before one has begun. */
let until = 0;
let isOver = false;
/** Whether what is over is only a share. */
let isShare = false;

function lookSoon(): void {
  left = 0;
  itemBytes = LOOK_BYTES;
}

function begin(time: number): void {
  until = time + MAX_TURN_MS;
  comesRound(() => {
    if (!isOver) until = 0;
  });
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
  const end = (): void => {
    isOver = true;
    later(goOn);
  };
  const goOn = (): void => {
    isOver = false;
    begin(now());
    const ends = until;
    /** Those that have not gone on in this turn. */
    let rest = 0;
    const step = (): void => {
      const [source] = waiting;
      if (isOver || !source) return;
      const began = now();
      rest ||= waiting.size;
      until = began + (ends - began) / rest--;
      lookSoon();
      isShare = true;
      waiting.delete(source);
      source.resume();
      isShare = isOver = false;
      until = ends;
      if (now() >= ends) end();
      // What the source does when its item is there goes before the next one.
      else queueMicrotask(step);
    };
    step();
  };
  return {
    mustWait(source) {
      if (isOver) waiting.add(source);
      return isOver;
    },
    spend(bytes) {
      if ((left -= bytes + itemBytes) > 0 || isOver) return;
      const time = now();
      // Another connection's clock may have been read last.
      const isSlow = Math.abs(time - looked) >= SLOW_MS;
      left = LOOK_BYTES;
      itemBytes = isSlow ? LOOK_BYTES : Math.max(itemBytes / 2, LOOK_BYTES / LOOK_ITEMS);
      if (until > 0) {
        looked = time;
        if (time < until) return;
        if (isShare) isOver = true;
        else end();
      } else if (isSlow) {
        looked = time;
        begin(time);
      }
    },
  };
}
