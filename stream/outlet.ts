/**
 * {@linkcode outletsOf}: the sending side of a stream.
 *
 * @module
 */
import type { overCredit } from "../wire/faults.ts";
import type { isThenable } from "../wire/listener.ts";
import type { turns } from "../wire/batch.ts";
import { ITEM_COST_BYTES, MAX_WINDOW_BYTES, openLead, STREAM_WINDOW_BYTES } from "./lead.ts";
import { quietTurns } from "./quiet.ts";
import type { OpenOutlet, Outlet, OutletPort, RunIn } from "./types.ts";

// A page loads all when it first streams an argument. What loads later imports nothing of what loads first: a bundler
// would split that in two.
export { openGate } from "./gate.ts";
export { isRawItem } from "./raw_item.ts";
export { openSharedWindow } from "./shared_window.ts";

/** What outlets need of modules that a page has already loaded when it sends its first stream. */
export interface OutletKit {
  readonly isThenable: typeof isThenable;
  readonly overCredit: typeof overCredit;
  readonly turns: typeof turns;
}

/** A source of any kind, as it is pulled. */
interface Pulled {
  next(): unknown;
  return?(reason?: unknown): unknown;
}

type Read = () => unknown;

/** Bytes of an item that is not to be made before it may be sent. */
const LARGE_ITEM_BYTES = 1024;

/** Find out how to pull a source. Throws `TypeError` if it is not iterable. */
function pulledFrom(source: unknown): Pulled {
  const given = typeof source === "object" && source !== null ? source : {};
  // First: in some browsers streams are not iterable.
  if ("getReader" in given && typeof given.getReader === "function") {
    const reader = (given as ReadableStream<unknown>).getReader();
    return { next: () => reader.read(), return: (reason) => reader.cancel(reason) };
  }
  const { [Symbol.asyncIterator]: inTime, [Symbol.iterator]: atOnce } = given as {
    readonly [Symbol.asyncIterator]?: Read;
    readonly [Symbol.iterator]?: Read;
  };
  const iterator = (inTime ?? atOnce)?.call(given) as Pulled | undefined;
  if (typeof iterator?.next === "function") return iterator;
  throw expected("what can be iterated, or a ReadableStream", source);
}

function expected(what: string, got: unknown): TypeError {
  return new TypeError(
    `Cannot stream it: expected ${what}, got ${got === null ? got : typeof got}`,
  );
}

/**
 * Outlets, by what a page that loads them has already loaded.
 *
 * An outlet pulls a source and sends its items, starting in a microtask. The source is pulled while the reader has
 * credit and the port lets it, one item at a time. A pulled item is sent as soon as the outlet is not paused, so the
 * credit may go below 0 by one item. Nothing is allocated per item besides the source's own objects.
 *
 * @returns Opens one. Throws `TypeError` if its source is not iterable.
 */
export function outletsOf({ isThenable, overCredit, turns }: OutletKit): OpenOutlet {
  const { expectMore, expectNoMore } = quietTurns(turns);
  return function openOutlet(source: unknown, port: OutletPort): Outlet {
    const run: RunIn = (step) => port.runIn ? port.runIn(step) : step();
    const pulled = run(() => pulledFrom(source));
    let room = STREAM_WINDOW_BYTES;
    let windowBytes = room;
    const lead = openLead(port, () => pull());
    let paused = false;
    /** Whether to ask before an item is made. After a small one it is enough to ask before the next is sent. */
    let asks = true;
    /** The item pulled while paused, in an array because it may be any value. */
    let held: [item: unknown] | undefined;
    /** Whether pulling has stopped. */
    let over = false;
    /** Whether `next()` is running or its promise is pending. */
    let pulling = false;
    /** Whether `next()` is running: a generator cannot return meanwhile. */
    let inside = false;
    /** Whether an item is being sent and its size is not yet known. */
    let sending = false;
    /** Whether the source's end was reported. */
    let stopped = false;
    let reason: unknown;

    const mustWait = (): boolean => paused ||= port.mustWait();
    const next = (): unknown => pulled.next();
    const end = (): unknown => pulled.return?.(reason);
    const pull = (): void => {
      if (held && !paused) {
        const [item] = held;
        held = undefined;
        send(item);
      }
      while (!pulling && !sending && !over && !paused && room > lead.leftRoom) {
        if (asks && mustWait()) break;
        let result: unknown;
        let isLater: boolean;
        pulling = inside = true;
        try {
          result = run(next);
          isLater = isThenable(result);
        } catch (error) {
          inside = false;
          return onThrown(error);
        }
        inside = false;
        const isCancelled = over;
        // The result is always awaited, so that a rejection is handled.
        if (isLater) Promise.resolve(result).then(onResult, onThrown);
        else onResult(result, true);
        if (isCancelled) leave();
      }
      if (pulling || sending) return;
      expectNoMore();
      if (room > 0 && room <= lead.leftRoom && !over && !paused) lead.wait();
    };
    const onResult = (result: unknown, atOnce?: boolean): void => {
      pulling = false;
      if (over) return;
      let item: unknown;
      try {
        if (Object(result) !== result) throw expected("an object of next()", result);
        const { done, value } = result as IteratorResult<unknown>;
        if (done) return finish();
        item = value;
        if (atOnce && isThenable(item)) {
          // A synchronous iterable's items may be promises.
          pulling = true;
          Promise.resolve(item).then(onItem, (error) => {
            pulling = false;
            if (!over) fail(error, "source");
          });
          return;
        }
      } catch (error) {
        return finish(error, "source");
      }
      if (atOnce) send(item);
      else onItem(item);
    };
    const onItem = (item: unknown): void => {
      pulling = false;
      if (over) return;
      send(item);
      pull();
    };
    const onThrown = (error: unknown): void => {
      pulling = false;
      // A source that throws has returned.
      if (over) onStopped(error);
      else finish(error, "source");
    };
    const send = (item: unknown): void => {
      // Others may have sent much since it was pulled.
      if (mustWait()) {
        held = [item];
        return;
      }
      sending = true;
      expectMore();
      try {
        // Credit may be granted meanwhile.
        const bytes = port.send(item);
        if (bytes < 0) {
          paused = true;
          if (!over) held = [item];
        } else {
          room -= bytes + ITEM_COST_BYTES;
          // It may be cancelled meanwhile.
          if (!over) lead.sent(bytes + ITEM_COST_BYTES);
          outlet.items++;
          asks = bytes >= LARGE_ITEM_BYTES;
        }
      } catch (error) {
        if (!over) fail(error, "item");
      }
      sending = false;
    };
    const finish = (error?: unknown, failed?: "source" | "item"): void => {
      over = stopped = true;
      lead.stop();
      port.onEnd(error, failed);
      expectNoMore();
    };
    const fail = (error: unknown, failed: "source" | "item"): void => {
      finish(error, failed);
      leave();
    };
    /** Let the source release its resources, once. */
    const leave = (): void => {
      try {
        const left = run(end);
        if (isThenable(left)) return void Promise.resolve(left).then(() => onStopped(), onStopped);
      } catch (error) {
        return onStopped(error);
      }
      onStopped();
    };
    const onStopped = (error?: unknown): void => {
      if (stopped) return;
      stopped = true;
      port.onStopped?.(error);
    };

    const outlet: Outlet & { items: number } = {
      items: 0,
      aheadBytes: 0,
      isRead: false,
      grant(bytes, more = 0) {
        if (over) return;
        const nowBytes = windowBytes + more;
        // While an item is sent, its bytes still count as room.
        const isTooMuch = room + bytes > nowBytes && !sending;
        if (more > bytes || nowBytes > MAX_WINDOW_BYTES || isTooMuch) {
          throw overCredit("more room for a stream than it can have");
        }
        windowBytes = nowBytes;
        room += bytes;
        lead.granted(bytes - more, windowBytes);
        // Its turn may be over.
        asks = true;
        pull();
      },
      pause() {
        paused = true;
      },
      resume() {
        paused = false;
        asks = true;
        pull();
      },
      cancel(why) {
        if (over) return;
        over = true;
        lead.stop();
        held = undefined;
        reason = why;
        if (!inside) leave();
      },
    };
    // The caller must have the outlet before the first item is sent.
    Promise.resolve().then(pull);
    return outlet;
  };
}
