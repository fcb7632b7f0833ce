import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { bytes, type CallContext, type ItemStream, RpcError, u8 } from "../../mod.ts";
import { CHECK_BYTES } from "../../stream/gate.ts";
import type { ProtocolError } from "../../wire/errors.ts";
import { type Deferred, deferred } from "../support/deferred.ts";
import { CALLS, hex, streaming, StreamingClient } from "./streams_support.ts";
import { turn } from "./support.ts";

/** As PROTOCOL.md says. */
const STREAM_WINDOW_BYTES = 262_144;
const ITEM_COST_BYTES = 64;

/** A source of numbers until it is stopped, and its outcome. */
function endless() {
  const told = { made: 0, let: 0 };
  return {
    told,
    async *source() {
      try {
        for (;;) yield told.made++;
      } finally {
        told.let++;
      }
    },
  };
}

async function sumOf(numbers: AsyncIterable<number>): Promise<number> {
  let sum = 0;
  for await (const number of numbers) sum += number;
  return sum;
}

const NUMBER_COST = 4 + ITEM_COST_BYTES;
const WINDOW_NUMBERS = Math.ceil(STREAM_WINDOW_BYTES / NUMBER_COST);

test("an output that streams is its items, and an answer of no bytes", async () => {
  const { client, core } = await streaming(() => ({
    async *count({ to }) {
      for (let i = 0; i < to; i++) yield i;
    },
  }));
  client.call(7, CALLS.count, { to: 3 });
  assertEquals(core.stats().streamsOpen, 1);
  await turn();
  assertEquals(client.take(), [
    `item 7 ${hex(0)}`,
    `item 7 ${hex(1)}`,
    `item 7 ${hex(2)}`,
    "response 7 ",
  ]);
  const { callsInFlight, streamsOpen, itemsSent } = core.stats();
  assertEquals([callsInFlight, streamsOpen, itemsSent], [0, 0, 3]);
});

test("any iterable is an output, also one that comes later", async () => {
  const { client } = await streaming(() => ({
    count: async ({ to }) => {
      await turn();
      return Array.from({ length: to }, (_, i) => i);
    },
    twice: () => new Set([5]),
  }));
  client.call(1, CALLS.count, { to: 2 });
  client.call(2, CALLS.twice, {});
  await turn();
  await turn();
  assertEquals(client.take().sort(), [
    `item 1 ${hex(0)}`,
    `item 1 ${hex(1)}`,
    `item 2 ${hex(5)}`,
    "response 1 ",
    "response 2 ",
  ]);
});

test("an argument that streams is read as it comes, and its call answered as ever", async () => {
  const { client, core } = await streaming(() => ({
    sum: async ({ start, numbers }) => start + await sumOf(numbers),
  }));
  client.call(1, CALLS.sum, { start: 100 });
  client.numbers(1, 1, 2);
  await turn();
  // Once, its client is told that it is being read.
  assertEquals(client.take(), [`grant 1 ${2 * NUMBER_COST}`]);
  client.numbers(1, 3);
  await turn();
  client.end(1);
  await turn();
  assertEquals(client.take(), [`response 1 ${hex(106)}`]);
  assertEquals([core.stats().itemsReceived, core.stats().streamsOpen], [3, 0]);
});

test("both at once go both ways", async () => {
  const { client } = await streaming(() => ({
    async *twice({ numbers }) {
      for await (const number of numbers) yield 2 * number;
    },
  }));
  client.call(1, CALLS.twice, {});
  for (const [number, ...grants] of [[1, `grant 1 ${NUMBER_COST}`], [2]] as const) {
    client.numbers(1, number);
    await turn();
    assertEquals(client.take(), [`item 1 ${hex(2 * number)}`, ...grants]);
  }
  client.end(1);
  await turn();
  assertEquals(client.take(), ["response 1 "]);
});

test("a generator is pulled while its client has room, and as it grants more", async () => {
  const { told, source } = endless();
  const { client } = await streaming(() => ({ count: source }));
  client.call(1, CALLS.count, { to: 0 });
  await turn();
  assertEquals([client.take().length, told.made], [WINDOW_NUMBERS, WINDOW_NUMBERS]);
  const over = WINDOW_NUMBERS * NUMBER_COST - STREAM_WINDOW_BYTES;
  client.grant(1, over);
  await turn();
  assertEquals(client.take(), []);
  client.grant(1, 1);
  await turn();
  assertEquals(client.take().length, 1);
  client.hangUp();
});

test("few items go ahead of a client that is answered other calls meanwhile", async () => {
  const { source } = endless();
  const { client, clock } = await streaming(() => ({
    count: source,
    sum: async ({ start, numbers }) => start + await sumOf(numbers),
  }));
  client.call(1, CALLS.count, { to: 0 });
  await turn();
  client.take();
  client.call(2, CALLS.sum, { start: 1 });
  client.end(2);
  await turn();
  assertEquals(client.take(), [`response 2 ${hex(1)}`]);
  client.grant(1, WINDOW_NUMBERS * NUMBER_COST);
  await turn();
  const few = Math.ceil(8192 / NUMBER_COST);
  assertEquals(client.take().length, few);
  // A client that is far, or slow, is sent the window.
  clock.advance(10);
  await turn();
  assertEquals(client.take().length, WINDOW_NUMBERS - few);
  // So is one that nothing else was sent for a second.
  clock.advance(1000);
  client.grant(1, WINDOW_NUMBERS * NUMBER_COST);
  await turn();
  assertEquals(client.take().length, WINDOW_NUMBERS);
  client.hangUp();
});

test("what a handler has read is granted anew, and no more", async () => {
  const read: Deferred<void>[] = [];
  const { client } = await streaming(() => ({
    async keep({ parts }) {
      let count = 0;
      for await (const _ of parts) {
        await (read[count++] = deferred<void>()).promise;
      }
      return count;
    },
  }));
  client.call(1, CALLS.keep, {});
  const part = new Uint8Array(STREAM_WINDOW_BYTES / 2 - ITEM_COST_BYTES - 8);
  client.item(1, bytes, part);
  await turn();
  assertEquals(client.take(), [`grant 1 ${STREAM_WINDOW_BYTES / 2}`], "the first is taken");
  client.item(1, bytes, part);
  await turn();
  assertEquals(client.take(), []);
  read[0]!.resolve();
  await turn();
  assertEquals(client.take(), [`grant 1 ${STREAM_WINDOW_BYTES / 2}`]);
  client.hangUp();
});

test("more items than there is room for break the protocol", async () => {
  const { client, errors } = await streaming(() => ({ keep: () => new Promise(() => {}) }));
  client.call(1, CALLS.keep, {});
  client.item(1, bytes, new Uint8Array(STREAM_WINDOW_BYTES - ITEM_COST_BYTES - 9));
  client.item(1, bytes, new Uint8Array(1000));
  assertEquals(client.closedWith, undefined, "the last may be over");
  client.item(1, bytes, new Uint8Array(0));
  await turn();
  assertEquals(client.closedWith?.code, 4002);
  assertEquals(errors.map(({ error }) => (error as ProtocolError).code), ["BadCredit"]);
});

for (const room of [STREAM_WINDOW_BYTES + 1, 0xffff_ffff]) {
  test(`to grant ${room} bytes of room where none was taken breaks the protocol`, async () => {
    const { client } = await streaming(() => ({ count: () => new ReadableStream() }));
    client.call(1, CALLS.count, { to: 0 });
    client.grant(1, 0);
    assertEquals(client.closedWith, undefined);
    client.grant(1, room);
    await turn();
    assertEquals(client.closedWith?.code, 4002);
  });
}

test("Cancel has the generator return and the signal abort; then the answer comes", async () => {
  const contexts: CallContext[] = [];
  const { told, source } = endless();
  const { client, core, errors } = await streaming(() => ({
    count(_, context) {
      contexts.push(context);
      return source();
    },
  }));
  client.call(1, CALLS.count, { to: 0 });
  await turn();
  client.take();
  client.cancel(1);
  client.cancel(1);
  await turn();
  const { signal } = contexts[0]!;
  assertEquals([told.let, client.take(), errors], [1, ["response 1 "], []]);
  assertEquals([core.stats().callsCancelled, core.stats().callsInFlight], [1, 0]);
  assertEquals(signal.aborted, false, "it was not looked at while the call was under way");
});

test("Cancel aborts a waiting signal, and the error thrown for it is not reported", async () => {
  const reasons: unknown[] = [];
  const { client, core, errors } = await streaming(() => ({
    async *count(_, { signal }) {
      yield 1;
      await new Promise((_, reject) => {
        signal.addEventListener("abort", () => {
          reasons.push(signal.reason);
          reject(signal.reason);
        });
      });
    },
    quick: (_, { signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener("abort", () =>
          reject(new Error("stopped", { cause: signal.reason })));
      }),
  }));
  client.call(1, CALLS.count, { to: 0 });
  client.call(2, CALLS.quick);
  await turn();
  client.cancel(1);
  client.cancel(2);
  await turn();
  assertEquals(client.take(), [
    `item 1 ${hex(1)}`,
    "error 2 HandlerPanicked",
    // A source that throws what its signal told it has stopped.
    "response 1 ",
  ]);
  assertEquals([(reasons[0] as RpcError).code, errors], ["Cancelled", []]);
  const { callsFailed, callsCancelled, callsInFlight } = core.stats();
  assertEquals([callsFailed, callsCancelled, callsInFlight], [1, 2, 0]);
});

test("a source that throws a mistake when it is cancelled is reported, and fails", async () => {
  const { client, errors } = await streaming(() => ({
    async *count(_, { signal }) {
      yield 1;
      await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
      throw new Error("a mistake");
    },
  }));
  client.call(1, CALLS.count, { to: 0 });
  await turn();
  client.cancel(1);
  await turn();
  assertEquals(client.take(), [`item 1 ${hex(1)}`, "error 1 HandlerPanicked"]);
  assertEquals(errors.map(({ error }) => (error as Error).message), ["a mistake"]);
});

test("Cancel of a call whose handler looks at its signal later finds it aborted", async () => {
  const contexts: CallContext[] = [];
  const settle = deferred<number>();
  const { client } = await streaming(() => ({
    quick(_, context) {
      contexts.push(context);
      return settle.promise;
    },
  }));
  client.call(1, CALLS.quick);
  client.cancel(1);
  const { signal } = contexts[0]!;
  assertEquals([signal.aborted, (signal.reason as RpcError).code], [true, "Cancelled"]);
  settle.resolve(7);
  await turn();
  assertEquals(client.take(), [`response 1 ${hex(7)}`]);
  client.call(1, CALLS.quick);
  assertEquals(contexts[1]!.signal.aborted, false, "the next with its id is another");
});

test("Cancel ends the argument of a handler that reads", async () => {
  const caught: unknown[] = [];
  const { client, errors } = await streaming(() => ({
    async sum({ numbers }) {
      try {
        return await sumOf(numbers);
      } catch (error) {
        caught.push(error);
        throw error;
      }
    },
  }));
  client.call(1, CALLS.sum, { start: 0 });
  client.numbers(1, 1);
  client.cancel(1);
  client.numbers(1, 2);
  client.end(1);
  await turn();
  assertEquals(client.take(), ["error 1 HandlerPanicked"]);
  assertEquals([(caught[0] as RpcError).code, errors], ["Cancelled", []]);
});

test("Cancel before a handler has made its source closes that when it is made", async () => {
  const { told, source } = endless();
  const made = deferred<void>();
  const { client, core } = await streaming(() => ({
    count: async () => {
      await made.promise;
      const items = source();
      await items.next();
      return items;
    },
  }));
  client.call(1, CALLS.count, { to: 0 });
  client.cancel(1);
  await turn();
  assertEquals(client.take(), []);
  made.resolve();
  await turn();
  assertEquals([client.take(), told], [["response 1 "], { made: 1, let: 1 }]);
  assertEquals(core.stats().streamsOpen, 0);
});

test("a source that fails on the client's side rejects the argument; its code is the answer", async () => {
  const { client, errors } = await streaming(() => ({
    sum: ({ numbers }) => sumOf(numbers),
  }));
  client.call(1, CALLS.sum, { start: 0 });
  client.numbers(1, 1);
  client.end(1, true);
  await turn();
  assertEquals([client.take(), errors], [["error 1 ClientEncodeError"], []]);
});

test("a generator that throws is reported, after its items; one that throws a code is not", async () => {
  const { client, errors } = await streaming(() => ({
    async *count() {
      yield 1;
      throw new Error("broken");
    },
    twice: () =>
      new ReadableStream({
        start(controller) {
          controller.error(new RpcError("TooManyCallsInFlight", "busy"));
        },
      }),
  }));
  client.call(1, CALLS.count, { to: 0 });
  client.call(2, CALLS.twice, {});
  await turn();
  assertEquals(client.take().sort(), [
    "error 1 HandlerPanicked",
    "error 2 TooManyCallsInFlight",
    `item 1 ${hex(1)}`,
  ]);
  assertEquals(errors.map(({ error, context }) => [(error as Error).message, context.method]), [
    ["broken", "count"],
  ]);
});

test("an item of another type fails its call and names its path; the connection lives on", async () => {
  let finished = 0;
  const { client, errors } = await streaming(() => ({
    async *count() {
      try {
        yield 1;
        yield "two" as unknown as number;
      } finally {
        finished++;
      }
    },
  }));
  client.call(1, CALLS.count, { to: 0 });
  await turn();
  assertEquals(client.take(), [`item 1 ${hex(1)}`, "error 1 ServerEncodeError"]);
  assertEquals([errors.length, errors[0]!.context.where, finished], [1, "count", 1]);
  client.call(1, CALLS.quick);
  assertEquals(client.take(), [`response 1 ${hex(1)}`]);
});

test("an invalid source fails its call, and is reported", async () => {
  const { client, errors, core } = await streaming(() => ({
    count: () => 7 as unknown as number[],
    twice: () => Promise.resolve("no" as unknown as number[]),
  }));
  client.call(1, CALLS.count, { to: 0 });
  client.call(2, CALLS.twice, {});
  await turn();
  assertEquals(client.take(), ["error 1 HandlerPanicked", "error 2 HandlerPanicked"]);
  assertEquals(errors.map(({ error }) => error instanceof TypeError), [true, true]);
  assertEquals(core.stats().streamsOpen, 0);
});

test("an item larger than the client accepts fails its call, and is reported as such", async () => {
  const { client, errors, core } = await streaming(() => ({
    async *blobs({ size }) {
      yield new Uint8Array(10);
      yield crypto.getRandomValues(new Uint8Array(size));
      yield new Uint8Array(10);
    },
  }));
  const small = await core.acceptor.upgrade(
    new Request("http://localhost:1/?hl-x=1&hl-max=1000.4000", {
      headers: { host: "localhost:1", "sec-websocket-protocol": "hl/2" },
    }),
    { address: "test" },
  );
  if (small instanceof Response) throw new TypeError(`refused: ${small.status}`);
  for (const size of [2000, 5000]) {
    const other = new StreamingClient().open(small);
    other.call(1, CALLS.blobs, { size });
    await turn();
    assertEquals(other.take().map((line) => line.slice(0, 25)), [
      "item 1 000000000000000000",
      "error 1 ServerEncodeError",
    ]);
    assertEquals([other.closedWith, core.stats().streamsOpen], [undefined, 0]);
    other.hangUp();
  }
  assert(String(errors[0]!.error).includes("An item of blobs"), String(errors[0]!.error));
  client.hangUp();
});

test("state that a generator changes reaches the client before its next item, and the answer", async () => {
  const { client } = await streaming(({ state }) => ({
    async *count() {
      state.seen = 1;
      yield 1;
      yield 2;
      state.seen = 2;
    },
  }));
  client.call(1, CALLS.count, { to: 0 });
  await turn();
  assertEquals(client.take(), [
    `state 0=${hex(1)}`,
    `item 1 ${hex(1)}`,
    `item 1 ${hex(2)}`,
    `state 0=${hex(2)}`,
    "response 1 ",
  ]);
});

test("a connection that ends rejects arguments, has generators return, and aborts signals", async () => {
  const caught: unknown[] = [];
  const signals: AbortSignal[] = [];
  const { told, source } = endless();
  const { client, core, errors, clock } = await streaming(() => ({
    async sum({ numbers }, { signal }) {
      signals.push(signal);
      const read: number[] = [];
      try {
        for await (const number of numbers) read.push(number);
      } catch (error) {
        caught.push([...read, (error as RpcError).code]);
        throw error;
      }
      return 0;
    },
    count(_, { signal }) {
      signals.push(signal);
      return source();
    },
  }));
  client.call(1, CALLS.sum, { start: 0 });
  client.call(2, CALLS.count, { to: 0 });
  await turn();
  client.numbers(1, 1, 2);
  client.take();
  client.hangUp();
  await turn();
  assertEquals(caught, [[1, 2, "ConnectionLost"]]);
  assertEquals([told.let, signals.map(({ aborted }) => aborted)], [1, [true, true]]);
  assertEquals([client.take(), errors, clock.pending], [[], [], 0]);
  const { callsInFlight, streamsOpen, connections } = core.stats();
  assertEquals([callsInFlight, streamsOpen, connections], [0, 0, 0]);
});

test("a stream that the close of its connection ends is not answered as if it had ended", async () => {
  const { told, source } = endless();
  const { client } = await streaming(({ connection }) => ({
    count: source,
    quick() {
      connection.close(4000, "enough");
      return 1;
    },
  }));
  client.call(1, CALLS.count, { to: 0 });
  await turn();
  client.take();
  client.call(2, CALLS.quick);
  await turn();
  assertEquals([client.take(), client.closedWith?.code, told.let], [[], 4000, 1]);
});

test("a server that drains waits for streams until its deadline", async () => {
  for (const ends of [true, false]) {
    const { told, source } = endless();
    const { client, core, clock } = await streaming(() => ({ count: source }));
    client.call(1, CALLS.count, { to: 0 });
    await turn();
    const closed = core.close({ deadlineMs: 1000 });
    await turn();
    assertEquals([client.closedWith, told.let], [undefined, 0]);
    client.take();
    if (ends) client.cancel(1);
    else clock.advance(1000);
    await turn();
    assertEquals(client.closedWith?.code, 4001);
    assertEquals([client.take(), told.let], [ends ? ["response 1 "] : [], 1]);
    await closed;
  }
});

test("messages for no stream are ignored: in every state, and twice", async () => {
  const { client, core } = await streaming(() => ({
    sum: async ({ numbers }) => await sumOf(numbers),
    quick: () => new Promise(() => {}),
  }));
  const all = (id: number) => {
    client.numbers(id, 1);
    client.grant(id, 0xffff_ffff);
    client.end(id);
    client.end(id, true);
  };
  all(9);
  client.cancel(9);
  client.call(2, CALLS.quick);
  all(2);
  client.call(1, CALLS.sum, { start: 0 });
  client.numbers(1, 5);
  client.end(1);
  client.end(1, true);
  client.numbers(1, 6);
  await turn();
  all(1);
  client.cancel(1);
  assertEquals(client.take(), [`response 1 ${hex(5)}`]);
  assertEquals([client.closedWith, core.stats().callsInFlight], [undefined, 1]);
  assertEquals(core.stats().callsCancelled, 0);
});

test("a reused id begins another stream", async () => {
  const { client } = await streaming(() => ({
    sum: async ({ numbers }) => await sumOf(numbers),
  }));
  for (let round = 1; round < 4; round++) {
    client.call(1, CALLS.sum, { start: 0 });
    client.call(1, CALLS.sum, { start: 0 });
    client.numbers(1, round);
    client.end(1);
    await turn();
    assertEquals(client.take(), [`response 1 ${hex(round)}`]);
  }
});

test("a handler that answers without reading leaves its argument, and later items are ignored", async () => {
  const streams: ItemStream<number>[] = [];
  const { client, errors } = await streaming(() => ({
    sum({ numbers }) {
      streams.push(numbers);
      return 3;
    },
  }));
  client.call(1, CALLS.sum, { start: 0 });
  assertEquals(client.take(), [`response 1 ${hex(3)}`]);
  client.numbers(1, 1);
  client.end(1);
  const outcome = await streams[0]!.next().catch((error) => (error as RpcError).code);
  assertEquals([outcome, errors, client.take()], ["Cancelled", [], []]);
});

test("a handler that leaves its argument goes on, and later items are dropped", async () => {
  const { client } = await streaming(() => ({
    async sum({ numbers }) {
      for await (const number of numbers) return number;
      return 0;
    },
  }));
  client.call(1, CALLS.sum, { start: 0 });
  client.numbers(1, 4, 5, 6);
  await turn();
  assertEquals(client.take(), [`response 1 ${hex(4)}`]);
});

test("an item of another type rejects, and its code is the answer", async () => {
  const { client, errors } = await streaming(() => ({
    sum: ({ numbers }) => sumOf(numbers),
  }));
  for (const waits of [true, false]) {
    client.call(1, CALLS.sum, { start: 0 });
    if (waits) await turn();
    client.item(1, u8, 3);
    await turn();
    assertEquals([client.take(), errors], [["error 1 ServerDecodeError"], []]);
  }
});

test("without the extension a method that streams is refused, and the connection lives on", async () => {
  const { connect } = await streaming(() => ({}));
  const client = await connect(false);
  client.call(1, CALLS.count, { to: 1 });
  client.call(2, CALLS.sum, { start: 1 });
  client.call(3, CALLS.quick);
  assertEquals(client.take(), [
    "error 1 ServerDecodeError",
    "error 2 ServerDecodeError",
    `response 3 ${hex(1)}`,
  ]);
  client.cancel(3);
  assertEquals(client.closedWith?.code, 4002);
});

test("256 streams at once each have their own credit; all ids are taken", async () => {
  const { client, core } = await streaming(() => ({
    async *twice({ numbers }) {
      for await (const number of numbers) yield 2 * number;
    },
  }));
  for (let id = 0; id < 256; id++) client.call(id, CALLS.twice, {});
  for (let id = 0; id < 256; id++) client.numbers(id, id);
  await turn();
  assertEquals(
    client.take().sort(),
    Array.from(
      { length: 256 },
      (_, id) => [`item ${id} ${hex(2 * id)}`, `grant ${id} ${NUMBER_COST}`],
    ).flat().sort(),
  );
  assertEquals(core.stats().streamsOpen, 256);
  for (let id = 0; id < 256; id++) client.end(id);
  await turn();
  assertEquals([client.take().length, core.stats().streamsOpen], [256, 0]);
});

test("a stream counts as one call of callRate, however many items it has", async () => {
  const { client } = await streaming(() => ({
    sum: ({ numbers }) => sumOf(numbers),
  }), { callRate: { perSecond: 1, burst: 2 } });
  client.call(1, CALLS.sum, { start: 0 });
  client.numbers(1, ...Array.from({ length: 100 }, () => 1));
  client.end(1);
  await turn();
  client.call(2, CALLS.quick);
  client.call(3, CALLS.quick);
  assertEquals(client.take(), [
    `response 1 ${hex(100)}`,
    `response 2 ${hex(1)}`,
    "error 3 TooManyCallsInFlight",
  ]);
});

/** A handler of `keep` that reads on request, and the items it has read. */
function keeping() {
  const begin = deferred<void>();
  const read: unknown[] = [];
  return {
    begin,
    read,
    async keep({ parts }: { parts: ItemStream<Uint8Array> }) {
      await begin.promise;
      let count = 0;
      try {
        for await (const part of parts) {
          read.push(part.length);
          count++;
        }
      } catch (error) {
        read.push((error as RpcError).code);
        throw error;
      }
      return count;
    },
  };
}

/** Archived size of a part of a given length. */
const PART_BYTES = 8;

test("items that wait for handlers are held up to maxHeldBytes, and released when they are read", async () => {
  for (const over of [0, 1]) {
    const { begin, read, keep } = keeping();
    const half = 50_000 - PART_BYTES;
    const { client, core, errors } = await streaming(() => ({ keep }), {
      limits: { maxHeldBytes: 100_000 },
    });
    for (const id of [1, 2]) client.call(id, CALLS.keep, {});
    client.item(1, bytes, new Uint8Array(half));
    client.item(2, bytes, new Uint8Array(half + over));
    const { heldBytes, callsLimited } = core.stats();
    assertEquals([heldBytes, callsLimited], over ? [50_000, 1] : [100_000, 0]);
    client.item(2, bytes, new Uint8Array(10));
    begin.resolve();
    await turn();
    for (const id of [1, 2]) client.end(id);
    await turn();
    assertEquals(
      read.map(String).sort(),
      (over ? [half, "TooManyCallsInFlight"] : [10, half, half]).map(String).sort(),
    );
    assertEquals(
      client.take().map((line) => line.slice(0, 30)).filter((line) => !line.startsWith("grant"))
        .sort(),
      [
        ...(over ? ["error 2 TooManyCallsInFlight"] : []),
        `response 1 ${hex(1)}`,
        ...(over ? [] : [`response 2 ${hex(2)}`]),
      ].sort(),
    );
    assertEquals([core.stats().heldBytes, errors, client.closedWith], [0, [], undefined]);
    client.hangUp();
  }
});

test("an item over credit that is ignored is not held", async () => {
  const { keep } = keeping();
  const { client, core } = await streaming(() => ({ keep }), { onProtocolError: "ignore" });
  client.call(1, CALLS.keep, {});
  for (let i = 0; i < 6; i++) client.item(1, bytes, new Uint8Array(60_000 - PART_BYTES));
  // The fifth takes the credit below 0.
  assertEquals([core.stats().itemsReceived, core.stats().protocolErrors], [5, 1]);
  assertEquals(core.stats().heldBytes, 5 * 60_000);
  client.hangUp();
});

test("and for all connections together up to maxTotalHeldBytes", async () => {
  const { keep } = keeping();
  const { client, core, connect } = await streaming(() => ({ keep }), {
    limits: { maxTotalHeldBytes: 60_000 },
  });
  const other = await connect();
  for (const each of [client, other]) {
    each.call(1, CALLS.keep, {});
    each.item(1, bytes, new Uint8Array(30_000 - PART_BYTES));
  }
  assertEquals([core.stats().heldBytes, core.stats().callsLimited], [60_000, 0]);
  other.item(1, bytes, new Uint8Array(5000));
  assertEquals([core.stats().heldBytes, core.stats().callsLimited], [60_000, 1]);
  client.hangUp();
  other.hangUp();
});

/** Counts the bytes that wait for a client, like a socket whose peer does not read. */
function unread(client: StreamingClient): StreamingClient {
  const { send } = client;
  client.send = (message) => {
    client.bufferedAmount += message.length;
    send.call(client, message);
  };
  return client;
}

const SIZE = 1000;
const NOISE = crypto.getRandomValues(new Uint8Array(SIZE));
/** Bytes that may wait before streams pause, and the most bytes above that before the next check. */
const MAX_WAITING = (1 << 20) / 16;
const SLACK = (1 << 16) + 2 * (SIZE + 100);

test("sources wait while much waits to be sent, whatever room there is, and go on in turns", async () => {
  const { client, clock, core } = await streaming(() => ({
    async *blobs() {
      for (;;) yield NOISE;
    },
  }), { limits: { maxBufferedBytes: 1 << 20 } });
  unread(client);
  const sent = () => client.received.length;
  for (let id = 0; id < 8; id++) client.call(id, CALLS.blobs, { size: SIZE });
  await turn();
  assert(client.bufferedAmount > MAX_WAITING, `${client.bufferedAmount}`);
  assert(client.bufferedAmount < MAX_WAITING + SLACK, `${client.bufferedAmount}`);
  const before = sent();
  clock.advance(1000);
  await turn();
  assertEquals(sent(), before, "nothing was read");
  client.bufferedAmount = 0;
  clock.advance(5);
  await turn();
  assert(sent() > before, "it goes on");
  let most = 0;
  for (let round = 0; round < 400; round++) {
    client.bufferedAmount = 0;
    clock.advance(5);
    await turn();
    most = Math.max(most, client.bufferedAmount);
  }
  assert(most < MAX_WAITING + SLACK, `${most}`);
  const fitting = Math.ceil(STREAM_WINDOW_BYTES / (SIZE + PART_BYTES + ITEM_COST_BYTES));
  assertEquals(sent(), 8 * fitting, "each has sent its window");
  // Other messages do not wait.
  client.bufferedAmount = 1 << 19;
  client.call(99, CALLS.quick);
  assertEquals(client.received.at(-1), `response 99 ${hex(1)}`);
  client.hangUp();
  await turn();
  assertEquals([clock.pending, core.stats().streamsOpen], [0, 0]);
});

test("64 streams of large items never close a connection, read or not, and calls find room", async () => {
  const noise = crypto.getRandomValues(new Uint8Array(CHECK_BYTES));
  const { client, clock, core } = await streaming(() => ({
    async *blobs() {
      yield noise;
    },
  }), { limits: { maxBufferedBytes: 1_000_000 } });
  unread(client);
  let most = 0;
  for (let id = 0; id < 64; id++) client.call(id, CALLS.blobs, { size: noise.length });
  await turn();
  const sent = () => client.received.filter((text) => text.startsWith("item ")).length;
  // One fills the room of streams.
  assertEquals(sent(), 1);
  clock.advance(1000);
  await turn();
  assertEquals([sent(), client.closedWith], [1, undefined]);
  client.call(99, CALLS.quick);
  assertEquals(client.received.at(-1), `response 99 ${hex(1)}`);
  for (let round = 0; round < 100; round++) {
    most = Math.max(most, client.bufferedAmount);
    client.bufferedAmount = 0;
    clock.advance(5);
    await turn();
  }
  assert(most < MAX_WAITING + 2 * CHECK_BYTES + 10_000, `${most}`);
  assertEquals([sent(), client.closedWith, core.stats().streamsOpen], [64, undefined, 0]);
  client.hangUp();
});

test("a client that grants room lets sources go on that wait", async () => {
  const { client, clock } = await streaming(() => ({
    async *blobs() {
      for (;;) yield NOISE;
    },
  }), { limits: { maxBufferedBytes: 1 << 20 } });
  unread(client).call(1, CALLS.blobs, { size: SIZE });
  await turn();
  clock.advance(2);
  await turn();
  const before = client.take().length;
  client.grant(1, SIZE);
  await turn();
  assertEquals(client.take().length, 0, "much still waits to be sent");
  client.bufferedAmount = 0;
  client.grant(1, 1);
  await turn();
  assert(before > 0 && client.take().length > 0);
  client.cancel(1);
  await turn();
  assertEquals([client.take(), clock.pending], [["response 1 "], 0]);
});
