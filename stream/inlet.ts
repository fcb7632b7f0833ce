/**
 * {@linkcode openInlet}: the receiving side of a stream.
 *
 * @module
 */
import { overCredit } from "../wire/faults.ts";
import { byteQueue } from "./byte_queue.ts";
import type { Resumable } from "./item_turns.ts";
import { ownBytes } from "./raw.ts";
import type { Inlet, InletPort, ItemStream } from "./types.ts";

// As in `stream/lead.ts`.
const STREAM_WINDOW_BYTES = 262_144;
const ITEM_COST_BYTES = 64;

type Result = IteratorResult<unknown, undefined>;

/** Bytes that are taken before the sender is told of it, while more items wait: telling takes a write. */
const GRANT_BYTES = 65_536;
/** The same of large items: so many of them, up to a quarter of the window. */
const GRANT_ITEMS = 3.5;
/**
 * The same when none waits, of one and a half items at least: the sender may wait at so many and go ahead no more. Or of
 * any, once the reader waits for the next.
 */
const LAST_GRANT_BYTES = 8192;
/** Bytes of an item from which several reads of the system may come before the reader can run. */
const LARGE_ITEM_BYTES = 16_384;
/** Bytes that a waiting item counts at least, even if empty. */
const PLACE_BYTES = 16;

/**
 * Create the receiving side of a stream.
 *
 * Waiting items are kept encoded, because decoded values may be far larger. An item with a waiting reader is
 * decoded in place.
 */
export function openInlet(port: InletPort): Inlet {
  const kept = byteQueue();
  /** Readers that wait for an item. */
  const reading: [resolve: (result: Result) => void, reject: (error: unknown) => void][] = [];
  /** The sender's credit. Below 0 by at most one item. */
  let room = STREAM_WINDOW_BYTES;
  /** Consumed bytes that were not granted yet. */
  let taken = 0;
  /** The sender's credit when nothing is on its way. */
  let windowBytes = STREAM_WINDOW_BYTES;
  /** Whether the sender knows that its stream is being read, or need not. */
  let isTold = !port.isShared;
  /** Bytes of the first kept items that count as consumed already. */
  let early = 0;
  /** Whether the reader waited for an item that came in this turn, and has not run since. */
  let isBehind = false;
  /** Whether nothing more will come. */
  let ended = false;
  /** Whether the reader has stopped. */
  let left = false;
  /** Whether it is being iterated. */
  let isRead = false;
  /** The error for the reader, once, after the kept items. */
  let error: unknown;

  /** The end of the stream: the first reader gets the error, if any. */
  const finish = (): void => {
    for (const [resolve, reject] of reading.splice(0)) {
      if (error === undefined) resolve({ value: undefined, done: true });
      else reject(error);
      error = undefined;
    }
  };
  /** Drop the kept items if the call was cancelled. */
  const dropCancelled = (): void => {
    const reason = kept.length > 0 && port.cancelled;
    if (!reason) return;
    kept.clear();
    error ??= reason;
  };
  /** Stop reading. */
  const leave = (reason?: unknown): void => {
    if (left) return;
    left = true;
    kept.clear();
    error = undefined;
    finish();
    if (!ended) port.onLeft(reason);
  };
  /** An item for the reader. */
  const take = (bytes: Uint8Array, start: number, end: number, isRaw: boolean): Result => {
    let value: unknown;
    try {
      value = port.decode(bytes, start, end, isRaw);
    } catch (fault) {
      leave(fault);
      throw fault;
    }
    const cost = end - start + ITEM_COST_BYTES;
    port.turns.spend(cost);
    if (early > 0) early -= cost;
    else taken += cost;
    grantIfDue(cost);
    return { value, done: false };
  };
  /** Grant what was taken, if there is enough of it: the last item cost so much. */
  const grantIfDue = (cost: number, isFirst?: boolean): void => {
    const isMuch = taken >=
      Math.max(GRANT_BYTES, windowBytes / 8, Math.min(GRANT_ITEMS * cost, windowBytes / 4));
    const isDue = isFirst || isMuch ||
      (taken >= LAST_GRANT_BYTES && kept.length === 0 && taken >= 1.5 * cost);
    if (!isDue || ended || left) return;
    isTold = true;
    // The first makes the window wider.
    const more = windowBytes === STREAM_WINDOW_BYTES ? port.moreBytes ?? 0 : 0;
    const granted = taken + more;
    taken = 0;
    windowBytes += more;
    room += granted;
    port.grant(granted, more);
  };
  /** Keep an item until the reader takes it. */
  const keep = (bytes: Uint8Array, start: number, end: number, isRaw: boolean): void => {
    if (isRaw) kept.add(bytes);
    else kept.push(bytes, start, end);
    const cost = end - start + ITEM_COST_BYTES;
    // Only the first kept items count early: none behind one that does not.
    isBehind &&= early + cost <= STREAM_WINDOW_BYTES;
    if (!isBehind) return;
    early += cost;
    taken += cost;
    grantIfDue(cost);
  };
  /** A large item has come for a waiting reader: those that come before it can run count as consumed. */
  const expectReader = (): void => {
    isBehind = true;
    queueMicrotask(() => isBehind = false);
  };
  /** Goes on in the next turn with readers that wait though items are kept. */
  const turn: Resumable = {
    resume() {
      while (reading.length > 0 && kept.length > 0) {
        if (port.turns.mustWait(turn)) return;
        const { bytes, start, isOwn } = kept;
        give(bytes, start, start + kept.shift(), isOwn);
      }
      if (ended && kept.length === 0) finish();
    },
  };
  /** Give an item to the first reader that waits. */
  const give = (bytes: Uint8Array, start: number, end: number, isRaw: boolean): void => {
    const [resolve, reject] = reading.shift()!;
    try {
      resolve(take(bytes, start, end, isRaw));
    } catch (fault) {
      reject(fault);
    }
  };
  const next = (): Promise<Result> => {
    dropCancelled();
    if (kept.length > 0 && reading.length === 0 && !port.turns.mustWait(turn)) {
      const { bytes, start, isOwn } = kept;
      try {
        return Promise.resolve(take(bytes, start, start + kept.shift(), isOwn));
      } catch (fault) {
        return Promise.reject(fault);
      }
    }
    return new Promise((resolve, reject) => {
      reading.push([resolve, reject]);
      if (kept.length > 0) return;
      if (ended || left) finish();
      // What it keeps ungranted the sender may lack for its other streams.
      else if (taken > 0) grantIfDue(0, !isTold);
    });
  };
  const claim = (): void => {
    if (isRead) {
      const isOver = left || (ended && kept.length === 0);
      throw new TypeError(`Cannot read a stream twice: it ${isOver ? "was" : "is being"} read`);
    }
    isRead = true;
  };

  const stream: ItemStream<unknown> = {
    next,
    // deno-lint-ignore require-await
    async return() {
      leave();
      return { value: undefined, done: true };
    },
    get readable() {
      claim();
      return new ReadableStream<unknown>({
        async pull(controller) {
          const { value, done } = await next();
          if (done) controller.close();
          else controller.enqueue(value);
        },
        cancel: leave,
      }, { highWaterMark: 0 });
    },
    [Symbol.asyncIterator]() {
      claim();
      return stream;
    },
    // deno-lint-ignore require-await
    async [Symbol.asyncDispose]() {
      leave();
    },
  };
  const inlet: Inlet & { items: number } = {
    items: 0,
    stream,
    get bufferedBytes() {
      return Math.max(kept.size, kept.length * PLACE_BYTES);
    },
    push(bytes, start, end, isRaw = false) {
      if (ended) return;
      if (room <= 0) throw overCredit("an item for which its stream has no room");
      room -= end - start + ITEM_COST_BYTES;
      inlet.items++;
      if (left) return;
      const from = isRaw ? ownBytes(bytes) : bytes;
      if (reading.length === 0 || kept.length > 0 || port.turns.mustWait(turn)) {
        return keep(from, start, end, isRaw);
      }
      if (end - start >= LARGE_ITEM_BYTES) expectReader();
      give(from, start, end, isRaw);
    },
    end(why) {
      if (ended) return;
      ended = true;
      if (!left) error = why;
      dropCancelled();
      // Else the readers wait for their turn.
      if (kept.length === 0) finish();
    },
  };
  return inlet;
}
