/**
 * {@linkcode openLead}: how far a source goes ahead of its reader.
 *
 * @module
 */
import type { Timers } from "../wire/clock.ts";
import { STREAM_WINDOW_BYTES } from "./window.ts";

/**
 * Bytes that a source goes ahead of a reader that is near: what else is sent waits behind them, and so does what
 * comes, while their items are made and read.
 */
const NEAR_BYTES = 49_152;
/** Items that it goes ahead at least, so that large ones are made while others are read. */
const NEAR_ITEMS = 4;
/** Milliseconds without news of a reader, after which it is far or slow, and has the whole window. */
const FAR_MS = 2;
/** Bytes for which a reader is far, before it is looked at again; twice as many each time it was, up to the second. */
const FAR_BYTES = 4_194_304;
const MAX_FAR_BYTES = 268_435_456;

/** How far a source goes ahead of its reader. */
export interface Lead {
  /** Room of the window that is left. An item may go while there is more. */
  readonly leftRoom: number;
  /** An item was sent. */
  sent(bytes: number): void;
  /** The reader has taken so much. */
  granted(bytes: number): void;
  /** The source waits, though there is room. */
  wait(): void;
  /** The stream is over. */
  stop(): void;
}

/**
 * Make a lead, near at first. A reader that has room for more and is not heard of for some milliseconds gets all.
 *
 * @param goOn Is called when it is.
 */
export function openLead({ after }: Pick<Timers, "after">, goOn: () => void): Lead {
  let nearBytes = NEAR_BYTES;
  /** Bytes to be taken before the reader may be near again. */
  let farBytes = 0;
  let nextFarBytes = FAR_BYTES;
  /** Bytes taken while it is near. */
  let takenBytes = 0;
  let stopLooking: (() => void) | undefined;
  /** How often it has waited, and whether it does. */
  let waits = 0;
  let isWaiting = false;

  // One timer for all waits of its time: most are over long before.
  const look = (): void => {
    const seen = waits;
    stopLooking = after(FAR_MS, () => {
      stopLooking = undefined;
      if (!isWaiting) return;
      if (waits !== seen) return look();
      isWaiting = false;
      farBytes = nextFarBytes;
      nextFarBytes = Math.min(2 * nextFarBytes, MAX_FAR_BYTES);
      takenBytes = 0;
      goOn();
    });
  };
  return {
    get leftRoom() {
      return farBytes > 0 ? 0 : Math.max(0, STREAM_WINDOW_BYTES - nearBytes);
    },
    sent(bytes) {
      nearBytes = Math.max(nearBytes, NEAR_ITEMS * bytes);
    },
    granted(bytes) {
      isWaiting = false;
      if (farBytes > 0) farBytes -= bytes;
      else if ((takenBytes += bytes) > nextFarBytes) nextFarBytes = FAR_BYTES;
    },
    wait() {
      if (isWaiting) return;
      isWaiting = true;
      waits++;
      if (stopLooking === undefined) look();
    },
    stop() {
      isWaiting = false;
      stopLooking?.();
      stopLooking = undefined;
    },
  };
}
