import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { memoryPair } from "../../memory.ts";
import { rpc, service, stream, u32 } from "../../mod.ts";
import { openGate } from "../../stream/gate.ts";
import { itemTurns } from "../../stream/item_turns.ts";
import { until } from "../support/until.ts";

/** Bytes after which the clock is read, with what an item costs besides. */
const ITEM_BYTES = 8192;

/** Sources whose items take so many milliseconds. */
function busy(sources: number, items: number, itemMs: number, itemBytes = ITEM_BYTES) {
  let time = 0;
  const gate = openGate(
    { bufferedBytes: 0 },
    16 << 20,
    () => () => {},
    itemTurns(() => time),
  );
  const sent: number[] = [];
  const all = Array.from({ length: sources }, (_, name) => {
    let left = items;
    const each = {
      resume() {
        while (left > 0 && !gate.mustWait(each)) {
          left--;
          sent.push(name);
          time += itemMs;
          gate.sent(itemBytes);
        }
      },
    };
    return each;
  });
  return { all, sent };
}

test("sources hold the event loop for some milliseconds, and go on in turns", async () => {
  const { all, sent } = busy(256, 3, 1);
  for (const each of all) each.resume();
  let turns = 0;
  for (let before = 0; sent.length < 768; turns++) {
    assert(sent.length - before <= 11, `${sent.length - before} in a turn`);
    before = sent.length;
    await nextTurn();
    assert(turns < 1000);
  }
  assert(turns >= 768 / 11 - 1, `${turns}`);
  // Nobody goes on before all have begun.
  assertEquals([...new Set(sent)], Array.from({ length: 256 }, (_, i) => i));
});

test("the clock is read for each small item that takes long", async () => {
  await nextTurn();
  const { all, sent } = busy(1, 100, 2, 4);
  all[0]!.resume();
  for (let before = 0, turns = 0; sent.length < 100; turns++) {
    assert(sent.length - before <= 7, `${sent.length - before} in a turn`);
    before = sent.length;
    await nextTurn();
    assert(turns < 1000);
  }
});

test("sources share a turn: each waits for about one item of the others", async () => {
  await nextTurn();
  const { all, sent } = busy(21, 20, 1, 4);
  for (const each of all) each.resume();
  await until(() => sent.length >= 420);
  // The first turn is of the first source. Then nobody makes two items before the others have made one.
  const shared = sent.slice(sent.lastIndexOf(0, 20) + 1);
  let gap = 0;
  for (let last = -1, i = 0; i < 210; i++) {
    if (shared[i] !== 20) continue;
    gap = Math.max(gap, i - last);
    last = i;
  }
  assert(gap <= 42, `${gap} items between two of a source`);
});

test("a source with few milliseconds of items is not interrupted", () => {
  const { all, sent } = busy(1, 100, 0.05);
  all[0]!.resume();
  assertEquals(sent.length, 100);
});

/** Some work, of so many milliseconds. */
function work(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end;);
}

const ITEMS = 40;

/** Some streams of numbers that take 2 ms each to make, and how many were made. */
function busySources() {
  const sources = {
    made: 0,
    *open() {
      for (let i = 0; i < ITEMS; i++) {
        work(0.05);
        sources.made++;
        yield i;
      }
    },
  };
  return sources;
}

/** Turns of the event loop while 256 streams make their items, 512 ms of work. */
async function turnsOf(sources: { readonly made: number }): Promise<number> {
  let turns = 0;
  for (; sources.made < 256 * ITEMS; turns++) await nextTurn();
  return turns;
}

const Busy = service({
  rpc: { numbers: rpc({}, stream(u32)), add: rpc({ numbers: stream(u32) }, u32) },
});

async function sumOf(numbers: AsyncIterable<number>): Promise<number> {
  let sum = 0;
  for await (const number of numbers) sum += number;
  return sum;
}

function busyPair(sources: ReturnType<typeof busySources>) {
  return memoryPair(Busy, () => ({
    numbers: () => sources.open(),
    add: ({ numbers }) => sumOf(numbers),
  }));
}

test("the event loop of a server runs while 256 streams make small items", async () => {
  // A turn of another clock is over.
  await nextTurn();
  const sources = busySources();
  await using pair = await busyPair(sources);
  const all = Promise.all(
    Array.from({ length: 256 }, () => sumOf(pair.client.rpc.numbers({}))),
  );
  const turns = await turnsOf(sources);
  assert(turns > 10, `${turns} turns`);
  assertEquals(new Set(await all), new Set([780]));
});

test("the event loop of a client runs while 256 uploads make small items", async () => {
  await nextTurn();
  const sources = busySources();
  await using pair = await busyPair(sources);
  const all = Promise.all(
    Array.from({ length: 256 }, () => pair.client.rpc.add({ numbers: sources.open() })),
  );
  const turns = await turnsOf(sources);
  assert(turns > 10, `${turns} turns`);
  assertEquals(new Set(await all), new Set([780]));
});

test("sources go on in turns of a page, which has no setImmediate", async () => {
  await nextTurn();
  const { setImmediate } = globalThis;
  Reflect.deleteProperty(globalThis, "setImmediate");
  try {
    const { all, sent } = busy(256, 3, 1);
    for (const each of all) each.resume();
    assert(sent.length <= 11, `${sent.length} at once`);
    await until(() => sent.length >= 768);
    assertEquals([...new Set(sent)], Array.from({ length: 256 }, (_, i) => i));
  } finally {
    Object.assign(globalThis, { setImmediate });
  }
});
