/**
 * {@linkcode openSharedWindow}: what all streams of a client are ahead of their readers, together.
 *
 * @module
 */
import { ITEM_COST_BYTES } from "./lead.ts";
import type { Outlet } from "./types.ts";

/** Bytes on their way from which a stream waits that has {@linkcode OWN_BYTES} of them, or sent nothing yet. */
export const SHARED_BYTES = 8_388_608;
/** Bytes on their way from which a stream waits of which everything was read: its next item may be large. */
export const READ_BYTES = 13_631_488;
/** Bytes of a stream that may be read without being granted. One that has fewer on their way, but some, never waits. */
export const OWN_BYTES = 65_536;
/**
 * Bytes on their way of older calls up to which a stream never waits. Where handlers read one after the other, all wait
 * for the items of the first.
 */
export const OLDER_BYTES = 524_288;

/** A source that may wait. */
export type Ahead = Pick<Outlet, "aheadBytes" | "items" | "resume">;

/**
 * Keeps what a server holds until its handlers read it within the default of `maxHeldBytes`: many streams of large items,
 * or with slow handlers, wait for one another, where their calls would fail with `TooManyCallsInFlight`. Streams whose
 * handlers read have room that the others leave.
 */
export interface SharedWindow {
  /** A call begins. */
  open(source: Ahead): void;
  /** Whether a source must wait with its next item. It is then resumed. */
  mustWait(source: Ahead): boolean;
  /** An item of so many bytes was sent. */
  sent(source: Ahead, bytes: number): void;
  /** So many bytes were granted. */
  granted(source: Ahead, bytes: number): void;
  /** Its call is over. */
  forget(source: Ahead): void;
}

/** Open the window of a connection. */
export function openSharedWindow(): SharedWindow {
  let allBytes = 0;
  /** In the order of their calls. */
  const sources = new Set<Ahead>();
  const waiting = new Set<Ahead>();

  const release = (source: Ahead, bytes: number): void => {
    source.aheadBytes -= bytes;
    allBytes -= bytes;
  };
  /** Visit those that never wait, until one is what is looked for. */
  const someOldest = (visit: (source: Ahead) => boolean | void): boolean => {
    let olderBytes = 0;
    for (const source of sources) {
      if (olderBytes >= OLDER_BYTES) break;
      if (visit(source)) return true;
      olderBytes += source.aheadBytes;
    }
    return false;
  };
  const goOn = (): void => {
    if (waiting.size === 0) return;
    someOldest((source) => {
      if (waiting.delete(source)) source.resume();
    });
    // Each once: one that waits again is behind the others.
    for (let left = waiting.size; left > 0 && allBytes < READ_BYTES; left--) {
      const [source] = waiting;
      if (!source) return;
      waiting.delete(source);
      source.resume();
    }
  };
  return {
    open(source) {
      sources.add(source);
    },
    mustWait(source) {
      const { aheadBytes, items } = source;
      const isNew = items === 0;
      if (!isNew && aheadBytes > 0 && aheadBytes < OWN_BYTES) return false;
      if (allBytes < (isNew || aheadBytes > 0 ? SHARED_BYTES : READ_BYTES)) return false;
      if (someOldest((other) => other === source)) return false;
      waiting.add(source);
      return true;
    },
    sent(source, bytes) {
      release(source, -(bytes + ITEM_COST_BYTES));
    },
    granted(source, bytes) {
      release(source, Math.min(bytes, source.aheadBytes));
      if (waiting.delete(source)) source.resume();
      goOn();
    },
    forget(source) {
      release(source, source.aheadBytes);
      sources.delete(source);
      waiting.delete(source);
      // Not while a connection ends: then the others are forgotten too.
      void Promise.resolve().then(goOn);
    },
  };
}
