import { assert, assertEquals, assertRejects } from "@std/assert";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { memoryPair } from "../../memory.ts";
import { rpc, service, stream, u32 } from "../../mod.ts";
import { itemTurns } from "../../stream/item_turns.ts";
import { inletOf, push } from "./support.ts";
import { until } from "../support/until.ts";

/** Readers of kept items, by a clock that each item moves. */
function slowReader() {
  let time = 0;
  const told = inletOf(undefined, itemTurns(() => time));
  for (let length = 1; length <= 100; length++) push(told.inlet, length);
  return {
    ...told,
    work() {
      time += 2;
    },
  };
}

test("a reader of kept items lets the event loop run, and gets them in order", async () => {
  await nextTurn();
  const { inlet, stream, work } = slowReader();
  inlet.end();
  const read: number[] = [];
  let turns = 0;
  const reading = (async () => {
    for await (const item of stream) {
      read.push(item);
      work();
    }
  })();
  for (let before = 0; read.length < 100; turns++) {
    assert(read.length - before <= 8, `${read.length - before} in a turn`);
    before = read.length;
    await nextTurn();
    assert(turns < 1000);
  }
  await reading;
  assertEquals(read, Array.from({ length: 100 }, (_, i) => i + 1));
});

test("reads that wait for their turn are in order, also with items that come meanwhile", async () => {
  await nextTurn();
  const { inlet, stream, work } = slowReader();
  const asked: Promise<unknown>[] = [];
  for (let i = 0; i < 101; i++, work()) asked.push(stream.next().then(({ value }) => value));
  push(inlet, 101);
  inlet.end(new Error("over"));
  assertEquals(await Promise.all(asked), Array.from({ length: 101 }, (_, i) => i + 1));
  await assertRejects(() => stream.next(), Error, "over");
});

test("return() ends a read that waits for its turn", async () => {
  await nextTurn();
  const { inlet, stream, work } = slowReader();
  const asked: Promise<IteratorResult<number, undefined>>[] = [];
  for (let i = 0; i < 50; i++, work()) asked.push(stream.next());
  await stream.return();
  assertEquals((await asked[49])?.done, true);
  assertEquals(inlet.bufferedBytes, 0);
  await nextTurn();
});

test("a handler and a client that read slowly let the event loop run", async () => {
  await nextTurn();
  const Slow = service({
    rpc: { add: rpc({ numbers: stream(u32) }, u32), numbers: rpc({}, stream(u32)) },
  });
  let read = 0;
  const sumOf = async (numbers: AsyncIterable<number>): Promise<number> => {
    let sum = 0;
    for await (const number of numbers) {
      for (const end = performance.now() + 0.5; performance.now() < end;);
      sum += number;
      read++;
    }
    return sum;
  };
  const numbers = Array.from({ length: 400 }, (_, i) => i);
  await using pair = await memoryPair(Slow, () => ({
    add: ({ numbers }) => sumOf(numbers),
    numbers: () => numbers,
  }));
  for (
    const run of [() => pair.client.rpc.add({ numbers }), () => sumOf(pair.client.rpc.numbers({}))]
  ) {
    read = 0;
    const sum = run();
    let turns = 0;
    await until(() => read !== 0);
    for (; read < 400; turns++) await nextTurn();
    assert(turns > 10, `${turns} turns`);
    assertEquals(await sum, 79_800);
  }
});
