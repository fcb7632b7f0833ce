/**
 * {@linkcode openGate}: backpressure for the sources of one connection.
 *
 * @module
 */
import type { Timers } from "../wire/clock.ts";
import type { ItemTurns, Resumable } from "./item_turns.ts";
import { ITEM_COST_BYTES } from "./lead.ts";

/** Items of streams may fill this part of `maxBufferedBytes`, 1 / this, so that other messages find room. */
export const SENT_PART = 16;
/** Bytes sent between two checks of the buffered bytes: a check is not free. */
export const CHECK_BYTES = 65_536;
/** Milliseconds between two checks while sources wait. */
export const RESUME_MS = 5;

/**
 * Lets sources send while few bytes wait to be sent, and their turn of the event loop is not over. The others wait
 * in a queue, while other messages go on. So streams alone never end a connection for slow reading.
 */
export interface Gate {
  /**
   * Whether a source must wait with its next item, also its first. It then waits until it is resumed. To be asked
   * before each item.
   */
  mustWait(source: Resumable): boolean;
  /** So many bytes were sent. */
  sent(bytes: number): void;
  /** Resume those that wait, in turns, if fewer bytes wait by now. */
  goOn(): void;
  /** A source has ended. */
  forget(source: Resumable): void;
  /** Stop the timer. */
  stop(): void;
}

/**
 * Open a gate. It looks at the bytes that wait after every {@linkcode CHECK_BYTES}, because a look is not free. So
 * with `maxBufferedBytes / SENT_PART` for streams, at most that, `CHECK_BYTES` and one item wait, regardless of the
 * number of streams.
 *
 * @param turns Bounds how long sources hold the event loop.
 */
export function openGate(
  sender: { readonly bufferedBytes: number },
  maxBufferedBytes: number,
  after: Timers["after"],
  turns?: ItemTurns,
): Gate {
  const maxSentBytes = maxBufferedBytes / SENT_PART;
  const checkBytes = Math.min(CHECK_BYTES, maxSentBytes);
  const waiting = new Set<Resumable>();
  /** Sent since the last look. */
  let unchecked = checkBytes;
  /** Whether all that ask must wait, until fewer bytes do. */
  let isShut = false;
  let stopWatching: (() => void) | undefined;

  const stop = (): void => {
    stopWatching?.();
    stopWatching = undefined;
  };
  const watch = (): void => {
    stopWatching ??= after(RESUME_MS, () => {
      stopWatching = undefined;
      goOn();
    });
  };
  const goOn = (): void => {
    if (waiting.size === 0) return;
    for (const source of waiting) {
      if (sender.bufferedBytes > maxSentBytes / 2) break;
      unchecked = 0;
      isShut = false;
      waiting.delete(source);
      source.resume();
      // It waits again, behind the others.
      if (isShut) break;
    }
    if (waiting.size > 0) watch();
    else stop();
  };
  return {
    mustWait(source) {
      if (turns?.mustWait(source)) return true;
      if (!isShut) {
        if (unchecked < checkBytes) return false;
        unchecked = 0;
        // Those that wait are first.
        if (waiting.size === 0 && sender.bufferedBytes <= maxSentBytes) return false;
        isShut = true;
      }
      waiting.add(source);
      watch();
      return true;
    },
    sent(bytes) {
      unchecked += bytes;
      turns?.spend(bytes + ITEM_COST_BYTES);
    },
    goOn,
    forget(source) {
      if (!waiting.delete(source) || waiting.size > 0) return;
      stop();
      isShut = false;
      unchecked = checkBytes;
    },
    stop,
  };
}
