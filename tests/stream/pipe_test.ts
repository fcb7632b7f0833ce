import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import fc from "fast-check";
import { openInlet } from "../../stream/inlet.ts";
import { openOutlet } from "../../stream/open_outlet.ts";
import type { Inlet, Outlet } from "../../stream/types.ts";
import { ITEM_COST_BYTES, STREAM_WINDOW_BYTES } from "../../stream/lead.ts";
import { systemClock, timersOf } from "../../wire/clock.ts";
import { IMPATIENT, turn } from "./support.ts";

/** Two ends, and a pipe each way that delivers in order after a while. */
interface Pipe {
  readonly outlet: Outlet;
  readonly inlet: Inlet;
  /** The most credit used at once, in transit or waiting. */
  most(): number;
  /** Whether the source's `return()` was called. */
  stopped(): boolean;
}

type Delay = () => Promise<void>;

function pipe(source: unknown, delay: Delay, patience = IMPATIENT): Pipe {
  const ways = { items: Promise.resolve(), grants: Promise.resolve() };
  const after = (way: keyof typeof ways, deliver: () => void) => {
    ways[way] = ways[way].then(delay).then(deliver);
  };
  let [onTheWay, most, stopped] = [0, 0, false];
  const inlet = openInlet({
    turns: { mustWait: () => false, spend() {} },
    decode: (bytes, start, end) => {
      onTheWay -= end - start + ITEM_COST_BYTES;
      return bytes.slice(start, end);
    },
    grant: (bytes) => after("grants", () => outlet.grant(bytes)),
    onLeft: (reason) => after("grants", () => outlet.cancel(reason)),
  });
  const outlet = openOutlet(source, {
    after: patience,
    streams: { quietMs: 0 },
    mustWait: () => false,
    send(item) {
      const bytes = item as Uint8Array;
      onTheWay += bytes.length + ITEM_COST_BYTES;
      most = Math.max(most, onTheWay);
      after("items", () => inlet.push(bytes, 0, bytes.length));
      return bytes.length;
    },
    onEnd: (error) => after("items", () => inlet.end(error)),
    onStopped: () => stopped = true,
  });
  return { outlet, inlet, most: () => most, stopped: () => stopped };
}

/** Delays that are all over again with each run: none, a microtask, a turn. */
function delays(kinds: readonly number[]): Delay {
  let next = 0;
  return async () => {
    const kind = kinds.length === 0 ? 0 : kinds[next++ % kinds.length]!;
    if (kind === 1) await undefined;
    else if (kind === 2) await turn();
  };
}

async function* slowly(items: readonly Uint8Array[], delay: Delay) {
  for (const item of items) {
    await delay();
    yield item;
  }
}

const SIZES = fc.array(fc.oneof(fc.nat(100), fc.nat(100_000)), { maxLength: 60 });
/** For a reader that is far, and for one that is near. */
const PATIENCE = fc.constantFrom(IMPATIENT, timersOf(systemClock).after);
const DELAYS = fc.array(fc.nat(2), { maxLength: 7 });

function itemsOf(sizes: readonly number[]): Uint8Array[] {
  return sizes.map((size, i) => new Uint8Array(size).fill(i));
}

test("every item comes once, in order, and no more are on the way than a window and one", async () => {
  await fc.assert(
    fc.asyncProperty(
      SIZES,
      DELAYS,
      DELAYS,
      DELAYS,
      PATIENCE,
      async (sizes, source, way, reader, after) => {
        const items = itemsOf(sizes);
        const { inlet, outlet, most } = pipe(slowly(items, delays(source)), delays(way), after);
        const read: Uint8Array[] = [];
        const pause = delays(reader);
        for await (const item of inlet.stream) {
          await pause();
          read.push(item as Uint8Array);
        }
        assertEquals(read, items);
        assertEquals([outlet.items, inlet.items, inlet.bufferedBytes], [
          items.length,
          items.length,
          0,
        ]);
        const largest = Math.max(0, ...sizes) + ITEM_COST_BYTES;
        assert(most() < STREAM_WINDOW_BYTES + largest, `${most()} bytes were on the way`);
      },
    ),
    { numRuns: 60 },
  );
});

test("a reader that leaves at any item stops the source, and what came before came in order", async () => {
  await fc.assert(
    fc.asyncProperty(SIZES, DELAYS, DELAYS, fc.nat(60), async (sizes, source, way, count) => {
      const items = itemsOf([...sizes, ...sizes, 1]);
      const leaveAt = count % items.length;
      const { inlet, stopped, outlet } = pipe(slowly(items, delays(source)), delays(way));
      const read: Uint8Array[] = [];
      for await (const item of inlet.stream) {
        read.push(item as Uint8Array);
        if (read.length > leaveAt) break;
      }
      assertEquals(read, items.slice(0, leaveAt + 1));
      const all = () => stopped() || outlet.items === items.length;
      for (let i = 0; i < 10_000 && !all(); i++) await turn();
      assert(all(), "the source goes on");
      assertEquals(inlet.bufferedBytes, 0);
    }),
    { numRuns: 40 },
  );
});

test("what a source throws comes after every item before it", async () => {
  const items = itemsOf([10, 100_000, 200_000, 20]);
  const error = new Error("broken");
  async function* source() {
    yield* items;
    throw error;
  }
  const { inlet } = pipe(source(), delays([2, 0, 1]));
  const read: unknown[] = [];
  let caught: unknown;
  try {
    for await (const item of inlet.stream) read.push(item);
  } catch (reason) {
    caught = reason;
  }
  assertEquals([read.length, caught], [4, error]);
});

test("a reader that is a hundred times slower than its source keeps no more than a window waiting", async () => {
  const item = new Uint8Array(1000);
  let made = 0;
  function* source() {
    for (; made < 2000; made++) yield item;
  }
  const { inlet } = pipe(source(), delays([]));
  let read = 0;
  for await (const _ of inlet.stream) {
    if (++read % 100 === 0) await turn();
    assert(made - read <= STREAM_WINDOW_BYTES / 1000 + 1, `${made} made, ${read} read`);
  }
  assertEquals(read, 2000);
});
