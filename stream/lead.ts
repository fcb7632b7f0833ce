/**
 * {@linkcode openLead}: how far a source goes ahead of its reader.
 *
 * @module
 */
import type { OutletPort } from "./types.ts";

// What a page loads before it sends a stream imports nothing of this: a bundler would make a file of its own of it.

/** Initial credit of a stream, in bytes. */
export const STREAM_WINDOW_BYTES = 262_144;
/** Most credit of a stream, in bytes: its receiver may make the window wider. */
export const MAX_WINDOW_BYTES = 1_048_576;

/** Credit that an item costs in addition to its archive, in bytes. */
export const ITEM_COST_BYTES = 64;

/**
 * Bytes that a source may be ahead of a near reader while its connection is shared. Other messages wait behind them,
 * in both directions, while their items are made and read.
 */
const NEAR_BYTES = 8192;
/** Items that it may be ahead then at least, so that large ones are made while others are on the way and are read. */
const NEAR_ITEMS = 4;
/** The same while it is busy: another message may find each of them in its way. */
const BUSY_ITEMS = 2;
/** Milliseconds after another message for which a connection counts as shared. */
const SHARED_MS = 1000;
/** The same for which it counts as busy. */
const BUSY_MS = 4;
/**
 * Bytes of items larger than {@linkcode NEAR_BYTES} after which the source of a near reader pauses while its connection
 * is busy. With more of them the collector of either end would run so often that one call in a hundred meets it, which
 * takes longer than the call.
 */
const PACE_BYTES = 65_536;
const PAUSE_MS = 1;
/** Milliseconds between two looks at a source that waits. */
const LOOK_MS = 2;
/**
 * Looks in a row that find no more than one new wait, after which a reader counts as far or slow and gets the whole
 * window. One pause, of a collector or of the system, is no distance.
 */
const FAR_LOOKS = 5;
/** Bytes after which a far reader is tested again. They double each time that it took them slowly. */
const FAR_BYTES = 4_194_304;
/** Milliseconds in which only a near reader takes so many. */
const NEAR_MS = 150;
const MAX_FAR_BYTES = 268_435_456;

/** The bound on how far a source is ahead of its reader. */
export interface Lead {
  /** Room of the window that is left. An item may go while there is more. */
  readonly leftRoom: number;
  /** An item was sent. */
  sent(bytes: number): void;
  /** The reader has consumed so many bytes, and its window is so many wide. */
  granted(bytes: number, windowBytes: number): void;
  /** The source waits for a grant, though there is room. */
  wait(): void;
  /** The stream is over. */
  stop(): void;
}

/**
 * Create a lead: the window, unless other messages share the connection. Then it is the first credit, or less if the
 * reader is near. A reader with credit that grants nothing for some milliseconds is not. For a near one the source also
 * pauses while others come one soon after the other.
 *
 * @param goOn Called when there is more room.
 */
export function openLead(port: Pick<OutletPort, "after" | "streams">, goOn: () => void): Lead {
  let largestBytes = 0;
  let windowBytes = STREAM_WINDOW_BYTES;
  /** How long no other message was noticed, as of the last grant, from the first item on. */
  let quietMs = NaN;
  /** Bytes sent since the last pause, while it is busy. */
  let busyBytes = 0;
  let stopPausing: (() => void) | undefined;
  /** Bytes to be taken before the reader may be near again. */
  let farBytes = 0;
  let nextFarBytes = FAR_BYTES;
  /** Bytes taken while it is near. */
  let takenBytes = 0;
  let stopLooking: (() => void) | undefined;
  /** How often it has waited, how many looks have found it so, and whether it waits. */
  let waits = 0;
  let farLooks = 0;
  let isWaiting = false;

  const after = (delayMs: number, run: () => void): void => {
    stopLooking = port.after(delayMs, () => {
      stopLooking = undefined;
      run();
    });
  };
  const stopTimer = (): void => {
    stopLooking?.();
    stopLooking = undefined;
  };
  const beFar = (): void => {
    isWaiting = false;
    const bytes = farBytes = nextFarBytes;
    nextFarBytes = FAR_BYTES;
    takenBytes = 0;
    after(NEAR_MS, () => nextFarBytes = Math.min(2 * bytes, MAX_FAR_BYTES));
    goOn();
  };
  // One timer for all waits of its time: most are over long before.
  const look = (): void => {
    const seen = waits;
    after(LOOK_MS, () => {
      farLooks = isWaiting && waits - seen <= 1 ? farLooks + 1 : 0;
      if (!isWaiting) return;
      if (farLooks < FAR_LOOKS) return look();
      farLooks = 0;
      beFar();
    });
  };
  return {
    get leftRoom() {
      if (!(quietMs < SHARED_MS)) return 0;
      if (farBytes > 0) return windowBytes - STREAM_WINDOW_BYTES;
      if (stopPausing) return Infinity;
      const aheadItems = quietMs < BUSY_MS ? BUSY_ITEMS : NEAR_ITEMS;
      return Math.max(0, windowBytes - Math.max(NEAR_BYTES, aheadItems * largestBytes));
    },
    sent(bytes) {
      largestBytes = Math.max(largestBytes, bytes);
      if (isNaN(quietMs)) ({ quietMs } = port.streams);
      if (bytes <= NEAR_BYTES || farBytes > 0 || quietMs >= BUSY_MS) return;
      if ((busyBytes += bytes) < PACE_BYTES) return;
      busyBytes = 0;
      stopPausing ??= port.after(PAUSE_MS, () => {
        stopPausing = undefined;
        goOn();
      });
    },
    granted(bytes, nowBytes) {
      isWaiting = false;
      windowBytes = nowBytes;
      ({ quietMs } = port.streams);
      if (farBytes > 0) {
        if ((farBytes -= bytes) <= 0) stopTimer();
      } else if ((takenBytes += bytes) > nextFarBytes) {
        nextFarBytes = FAR_BYTES;
      }
    },
    wait() {
      if (isWaiting || stopPausing || farBytes > 0) return;
      isWaiting = true;
      waits++;
      if (stopLooking === undefined) look();
    },
    stop() {
      isWaiting = false;
      stopTimer();
      stopPausing?.();
    },
  };
}
