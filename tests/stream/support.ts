/**
 * Ends of streams that record their notifications.
 *
 * @module
 */
import type { Timers } from "../../wire/clock.ts";
import { deferred } from "../support/deferred.ts";
import type { ItemTurns } from "../../stream/item_turns.ts";
import { openInlet } from "../../stream/inlet.ts";
import { openOutlet } from "../../stream/open_outlet.ts";
import type { Inlet, ItemStream, Outlet } from "../../stream/types.ts";

/** The notifications of an outlet. */
export interface Told {
  /** Sent items. */
  readonly sent: unknown[];
  /** The end of its source. */
  readonly ends: (readonly [error: unknown, failed: string | undefined])[];
  /** How its source stopped after `cancel()`. */
  readonly stops: unknown[];
}

/** Timers for a reader that is never near: delayed actions run at once. */
export const IMPATIENT: Timers["after"] = (_delayMs, run) => {
  void Promise.resolve().then(run);
  return () => {};
};

/** An outlet whose items are all of `itemBytes`. */
export function outletOf(
  source: unknown,
  itemBytes = 0,
  send: (item: unknown) => void = () => {},
  after: Timers["after"] = IMPATIENT,
): Told & { readonly outlet: Outlet } {
  const told: Told = { sent: [], ends: [], stops: [] };
  const outlet = openOutlet(source, {
    after,
    streams: { quietMs: 0 },
    mustWait: () => false,
    send(item) {
      send(item);
      told.sent.push(item);
      return itemBytes;
    },
    onEnd: (error, failed) => void told.ends.push([error, failed]),
    onStopped: (error) => void told.stops.push(error),
  });
  return { ...told, outlet };
}

/** An inlet of items that are their own lengths, with its notifications. */
export function inletOf(
  decode?: (bytes: Uint8Array) => number,
  turns: ItemTurns = { mustWait: () => false, spend() {} },
  moreBytes = 0,
): {
  readonly inlet: Inlet;
  readonly stream: ItemStream<number>;
  readonly grants: number[];
  /** Of each of them what makes the window wider. */
  readonly more: number[];
  readonly left: unknown[];
} {
  const grants: number[] = [];
  const more: number[] = [];
  const left: unknown[] = [];
  const inlet = openInlet({
    turns,
    decode: (bytes, start, end) => decode?.(bytes.subarray(start, end)) ?? end - start,
    moreBytes,
    grant(bytes, wider) {
      grants.push(bytes);
      more.push(wider);
    },
    onLeft: (reason) => void left.push(reason),
  });
  return { inlet, stream: inlet.stream as ItemStream<number>, grants, more, left };
}

/** Push an item of `bytes` bytes. */
export function push(inlet: Inlet, length: number): void {
  inlet.push(new Uint8Array(length), 0, length);
}

/** Let all microtasks run, and a turn of the event loop go by. */
export function turn(): Promise<void> {
  const { promise, resolve } = deferred<void>();
  setTimeout(resolve, 0);
  return promise;
}
