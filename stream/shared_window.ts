/**
 * {@linkcode openSharedWindow}: what all streams of a client are ahead of their readers, together.
 *
 * @module
 */
import { ITEM_COST_BYTES } from "./lead.ts";
import type { Outlet } from "./types.ts";

/** Bytes on their way that an item must fit into, with all streams'. */
export const SHARED_BYTES = 5_505_024;
/** The same for a stream that is being read, and has less than {@linkcode OWN_BYTES} on its way: others may be stuck. */
export const READ_BYTES = 11_010_048;
/** Bytes of a stream that may be read without being granted, as its items are not small. */
export const OWN_BYTES = 65_536;
/** Bytes that each stream may have on its way, whatever the others have: more than are read without being granted. */
export const SMALL_BYTES = 12_288;
/** Bytes of items that are made and wait, from which no more are made that might have to wait too. */
export const MADE_BYTES = 8_388_608;
/** The same for a stream's first item, which may be small. */
export const FIRST_MADE_BYTES = 67_108_864;
/** Bytes of the largest item, by default: {@linkcode READ_BYTES} has room for one beside the unread items of 256 streams. */
const MAX_ITEM_BYTES = 2_097_152;
/** In place of the bytes of an item that is not made. */
const UNMADE = -1;

/** A source that may wait. */
export type Ahead = Pick<Outlet, "aheadBytes" | "isRead" | "items" | "resume">;

/**
 * Keeps what a server holds until its handlers read it within the default of `maxHeldBytes`: many streams of large items,
 * or with slow handlers, wait for one another, where their calls would fail with `TooManyCallsInFlight`.
 *
 * Whatever handlers leave unread, there is room for small items of each stream, for any item of one that is being read
 * unless several are that stop, and for one of the oldest.
 */
export interface SharedWindow {
  /** A call begins. */
  open(source: Ahead): void;
  /** Whether a source must wait before it makes an item, or before it sends the one that it had to wait with. */
  mustWait(source: Ahead): boolean;
  /** Whether an item of so many bytes may be sent now. Else its source must wait. It is then resumed. */
  admits(source: Ahead, bytes: number): boolean;
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
  /** Those whose calls are not over, oldest first. */
  const sources = new Set<Ahead>();
  /** Those that wait until they have sent, longest first, with the bytes of their items, or {@linkcode UNMADE}. */
  const waiting = new Map<Ahead, number>();
  let madeBytes = 0;

  const release = (source: Ahead, bytes: number): void => {
    source.aheadBytes -= bytes;
    allBytes -= bytes;
  };
  const stopWaiting = (source: Ahead): void => {
    if (waiting.size === 0) return;
    madeBytes -= waiting.get(source) ?? 0;
    waiting.delete(source);
  };
  const wait = (source: Ahead, bytes: number): void => {
    madeBytes += bytes - (waiting.get(source) ?? 0);
    waiting.set(source, bytes);
  };
  const fits = (source: Ahead, bytes: number): boolean => {
    const { aheadBytes, isRead, items } = source;
    const isNear = aheadBytes < OWN_BYTES;
    const isUnsure = bytes === UNMADE && madeBytes > (items > 0 ? MADE_BYTES : FIRST_MADE_BYTES);
    const cost = ITEM_COST_BYTES + (isUnsure ? MAX_ITEM_BYTES : bytes);
    if (aheadBytes + cost <= SMALL_BYTES) return true;
    if (allBytes + cost <= (isRead && isNear ? READ_BYTES : SHARED_BYTES)) return true;
    const [oldest] = sources;
    return source === oldest && isNear;
  };
  /** Whether it is far ahead, and others are not that wait: it leaves to them what becomes free. */
  const isLast = ({ aheadBytes }: Ahead): boolean =>
    aheadBytes >= OWN_BYTES && [...waiting.keys()].some((other) => other.aheadBytes < OWN_BYTES);
  const goOn = (): void => {
    if (waiting.size === 0) return;
    for (const source of [...waiting.keys()]) {
      const bytes = waiting.get(source);
      if (bytes !== undefined && fits(source, bytes)) source.resume();
    }
  };
  return {
    open: (source) => void sources.add(source),
    mustWait(source) {
      const bytes = waiting.get(source) ?? UNMADE;
      const isWaiting = isLast(source) || !fits(source, bytes);
      if (isWaiting) wait(source, bytes);
      return isWaiting;
    },
    admits(source, bytes) {
      const isAdmitted = fits(source, bytes);
      if (!isAdmitted) wait(source, bytes);
      return isAdmitted;
    },
    sent(source, bytes) {
      stopWaiting(source);
      release(source, -(bytes + ITEM_COST_BYTES));
    },
    granted(source, bytes) {
      source.isRead = true;
      // A refused grant's bytes may be below 0.
      release(source, Math.max(0, Math.min(bytes, source.aheadBytes)));
      goOn();
    },
    forget(source) {
      sources.delete(source);
      release(source, source.aheadBytes);
      stopWaiting(source);
      // Not while a connection ends: then the others are forgotten too.
      void Promise.resolve().then(goOn);
    },
  };
}
