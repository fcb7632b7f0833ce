import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { test } from "node:test";
import { ITEM_COST_BYTES, STREAM_WINDOW_BYTES } from "../../stream/lead.ts";
import { ProtocolError } from "../../wire/errors.ts";
import { inletOf, push, turn } from "./support.ts";

const DONE: IteratorResult<number, undefined> = { value: undefined, done: true };

/** Bytes that a reader reads before the sender gets a grant, while more items wait, and when none does. */
const GRANT_BYTES = 65_536;
const LAST_GRANT_BYTES = 8192;

test("an inlet gives the items that came before they were asked for, in order", async () => {
  const { inlet, stream } = inletOf();
  for (const length of [3, 0, 5]) push(inlet, length);
  inlet.end();
  const read: number[] = [];
  for await (const item of stream) read.push(item);
  assertEquals([read, inlet.items, inlet.bufferedBytes], [[3, 0, 5], 3, 0]);
});

test("it gives the items that were asked for before they came, in order", async () => {
  const { inlet, stream } = inletOf();
  const asked = [stream.next(), stream.next(), stream.next(), stream.next()];
  push(inlet, 1);
  push(inlet, 2);
  assertEquals(inlet.bufferedBytes, 0);
  inlet.end();
  assertEquals(await Promise.all(asked), [
    { value: 1, done: false },
    { value: 2, done: false },
    DONE,
    DONE,
  ]);
});

test("items are kept as received bytes, and are decoded when they are read", async () => {
  let decoded = 0;
  const { inlet, stream } = inletOf((bytes) => {
    decoded++;
    return bytes[0]!;
  });
  const message = Uint8Array.of(0, 0, 7, 0);
  inlet.push(message, 2, 3);
  message.fill(1);
  inlet.push(message, 0, 1);
  assertEquals([decoded, inlet.bufferedBytes], [0, 32]);
  assertEquals([(await stream.next()).value, (await stream.next()).value], [7, 1]);
});

test("an item that is waited for is decoded where it is", async () => {
  const message = Uint8Array.of(0, 7);
  let buffer: unknown;
  const { inlet, stream } = inletOf((bytes) => {
    buffer = bytes.buffer;
    return bytes[0]!;
  });
  const next = stream.next();
  inlet.push(message, 1, 2);
  assertEquals([(await next).value, buffer === message.buffer], [7, true]);
});

test("an inlet grants what its reader took when that is 64 KiB", async () => {
  const { inlet, stream, grants } = inletOf();
  const length = 1000;
  const cost = length + ITEM_COST_BYTES;
  const enough = Math.ceil(GRANT_BYTES / cost);
  for (let i = 0; i <= enough; i++) push(inlet, length);
  for (let i = 1; i < enough; i++) await stream.next();
  assertEquals(grants, [], "one less was taken");
  await stream.next();
  assertEquals(grants, [enough * cost]);
});

test("exactly 64 KiB are granted while an item waits, a byte less is not", async () => {
  for (const less of [0, 1]) {
    const { inlet, stream, grants } = inletOf();
    push(inlet, GRANT_BYTES - ITEM_COST_BYTES - less);
    push(inlet, 0);
    await stream.next();
    assertEquals(grants, less === 0 ? [GRANT_BYTES] : []);
  }
});

test("exactly 8 KiB are granted when none waits, of one and a half items at least", async () => {
  for (const less of [0, 1]) {
    const { inlet, stream, grants } = inletOf();
    push(inlet, LAST_GRANT_BYTES / 2 - ITEM_COST_BYTES);
    push(inlet, LAST_GRANT_BYTES / 2 - ITEM_COST_BYTES - less);
    await stream.next();
    assertEquals(grants, [], "an item waits");
    await stream.next();
    assertEquals(grants, less === 0 ? [LAST_GRANT_BYTES] : []);
  }
  const { inlet, stream, grants } = inletOf();
  for (let i = 0; i < 2; i++) {
    push(inlet, 20_000 - ITEM_COST_BYTES);
    assertEquals(grants, []);
    await stream.next();
  }
  assertEquals(grants, [40_000]);
});

test("the first grant makes the window wider; then three and a half large items are read before the next", async () => {
  const { inlet, stream, grants, more } = inletOf(undefined, undefined, 786_432);
  const fill = (items: number, cost: number): void => {
    for (; items > 0; items--) push(inlet, cost - ITEM_COST_BYTES);
    assertThrows(() => push(inlet, 0), ProtocolError);
  };
  const granted = async (reads: number): Promise<number[]> => {
    for (; reads > 0; reads--) await stream.next();
    return grants.splice(0);
  };
  fill(4, 65_536);
  assertEquals(await granted(1), [65_536 + 786_432]);
  assertEquals(await granted(2), [], "less than a quarter of the window");
  fill(13, 65_536);
  assertEquals(await granted(1), []);
  assertEquals(await granted(1), [262_144]);
  assertEquals(await granted(12), [262_144, 262_144, 262_144]);
  fill(64, 16_384);
  assertEquals(await granted(7), []);
  assertEquals(await granted(1), [131_072], "no less than an eighth");
  push(inlet, 131_072 - ITEM_COST_BYTES - 1);
  push(inlet, 700_000);
  await granted(56);
  assertEquals(await granted(2), [131_071 + 700_000 + ITEM_COST_BYTES], "an item over a quarter");
  assertEquals(more, [786_432, ...more.slice(1).map(() => 0)], "once");
});

test("a reader that waits for the next item grants what it took, if that is 8 KiB", async () => {
  for (const less of [0, 1]) {
    const { inlet, stream, grants } = inletOf(undefined, undefined, 786_432);
    push(inlet, 65_536);
    await stream.next();
    grants.length = 0;
    const cost = 8192 - less;
    push(inlet, cost - ITEM_COST_BYTES);
    await stream.next();
    assertEquals(grants, [], "it has not come back");
    void stream.next();
    assertEquals(grants, less === 0 ? [cost] : []);
    inlet.end();
  }
});

test("items may come until there is no room; the one after breaks the protocol", async () => {
  const { inlet, stream, grants } = inletOf();
  push(inlet, STREAM_WINDOW_BYTES - ITEM_COST_BYTES - 1);
  push(inlet, 100_000);
  const error = assertThrows(() => push(inlet, 0), ProtocolError);
  assertEquals([error.code, error.closeCode], ["BadCredit", 4002]);
  await stream.next();
  await stream.next();
  assertEquals(grants, [STREAM_WINDOW_BYTES - 1, 100_000 + ITEM_COST_BYTES]);
  push(inlet, STREAM_WINDOW_BYTES - ITEM_COST_BYTES);
  assertThrows(() => push(inlet, 0), ProtocolError);
});

test("what comes behind a large item, before its waiting reader can run, is granted at once, a window at most", async () => {
  const { inlet, stream, grants } = inletOf();
  const cost = 65_536;
  const pushed = (): void => push(inlet, cost - ITEM_COST_BYTES);
  const first = stream.next();
  for (let i = 0; i < 4; i++) pushed();
  assertEquals(grants, [cost, cost, cost, cost], "all four, of which one was read");
  for (let i = 0; i < 5; i++) pushed();
  assertEquals(grants.slice(4), [cost], "the fourth kept one is, the fifth is not");
  assertThrows(pushed, ProtocolError);
  await first;
  for (let i = 0; i < 4; i++) await stream.next();
  assertEquals(grants.slice(5), [], "no kept item is granted twice");
  await stream.next();
  assertEquals(grants.slice(5), [cost], "the fifth kept one");
});

test("what counted before it was read is granted once none waits", async () => {
  const { inlet, stream, grants } = inletOf(undefined, undefined, 786_432);
  push(inlet, 65_536);
  await stream.next();
  grants.length = 0;
  const cost = 65_536 + ITEM_COST_BYTES;
  for (let round = 1; round <= 3; round++) {
    const first = stream.next();
    for (let i = 0; i < 2; i++) push(inlet, 65_536);
    await first;
    assertEquals(grants.length, round - 1, "one waits");
    await stream.next();
    assertEquals(grants, new Array(round).fill(2 * cost));
  }
});

test("all is granted that was read behind a large item, also one too large to count before", async () => {
  const { inlet, stream, grants, more } = inletOf(undefined, undefined, 786_432);
  const sizes = [65_536, 200_000, 400_000, 20_000, 20_000];
  const first = stream.next();
  for (const size of sizes) push(inlet, size);
  await first;
  for (let i = 1; i < sizes.length; i++) await stream.next();
  const sum = (of: readonly number[]) => of.reduce((all, each) => all + each, 0);
  assertEquals(sum(grants) - sum(more), sum(sizes) + sizes.length * ITEM_COST_BYTES);
});

test("a large item for a waiting reader grants nothing of those that come once it could run", async () => {
  const { inlet, stream, grants } = inletOf();
  const first = stream.next();
  push(inlet, 65_536);
  await first;
  await turn();
  for (let i = 0; i < 3; i++) push(inlet, 65_536);
  assertEquals(grants, [65_536 + ITEM_COST_BYTES], "the one that was read");
});

test("a reader that does not read gets no room, whatever comes", () => {
  const { inlet, grants } = inletOf();
  const fitting = STREAM_WINDOW_BYTES / ITEM_COST_BYTES;
  for (let i = 0; i < fitting; i++) push(inlet, 0);
  assertThrows(() => push(inlet, 0), ProtocolError);
  assertEquals([grants, inlet.items], [[], fitting]);
});

test("end() with an error gives what waits first, then the error once, then the end", async () => {
  const { inlet, stream, left } = inletOf();
  const error = new Error("lost");
  push(inlet, 1);
  inlet.end(error);
  inlet.end();
  push(inlet, 2);
  assertEquals((await stream.next()).value, 1);
  assertEquals(await assertRejects(() => stream.next()), error);
  assertEquals(await stream.next(), DONE);
  assertEquals([left, inlet.items], [[], 1]);
});

test("end() with an error rejects the first who waits, and ends for the others", async () => {
  const { inlet, stream } = inletOf();
  const asked = [stream.next(), stream.next()];
  inlet.end(new Error("lost"));
  assertEquals((await Promise.allSettled(asked)).map(({ status }) => status), [
    "rejected",
    "fulfilled",
  ]);
});

test("an unread error is no unhandled rejection", async () => {
  const { inlet } = inletOf();
  inlet.end(new Error("lost"));
  await turn();
});

const LEAVING: readonly (readonly [
  how: string,
  leave: (stream: ReturnType<typeof inletOf>["stream"]) => Promise<unknown>,
])[] = [
  ["return()", (stream) => stream.return()],
  ["disposal", async (stream) => await stream[Symbol.asyncDispose]()],
  ["a loop that is left", async (stream) => {
    for await (const _ of stream) break;
  }],
  ["a loop that throws", async (stream) => {
    try {
      for await (const _ of stream) throw new Error("out");
    } catch { /* As it should. */ }
  }],
  ["readable.cancel()", (stream) => stream.readable.cancel()],
];

for (const [how, leave] of LEAVING) {
  test(`${how} forgets what waits, and tells the other end once`, async () => {
    const { inlet, stream, left } = inletOf();
    for (let i = 0; i < 3; i++) push(inlet, 100);
    await leave(stream);
    assertEquals([left, inlet.bufferedBytes], [[undefined], 0]);
    await stream.return();
    push(inlet, 100);
    assertEquals([await stream.next(), left.length, inlet.bufferedBytes], [DONE, 1, 0]);
    inlet.end(new Error("late"));
    assertEquals(await stream.next(), DONE);
  });
}

test("leaving ends what is waited for", async () => {
  const { stream, left } = inletOf();
  const asked = [stream.next(), stream.next()];
  await stream.return();
  assertEquals([await Promise.all(asked), left], [[DONE, DONE], [undefined]]);
});

test("leaving a stream that has ended notifies neither side", async () => {
  const { inlet, stream, left } = inletOf();
  push(inlet, 1);
  inlet.end(new Error("lost"));
  await stream.return();
  assertEquals([await stream.next(), left, inlet.bufferedBytes], [DONE, [], 0]);
});

test("after its reader left a stream still counts its credit", async () => {
  const { inlet, stream, grants } = inletOf();
  await stream.return();
  push(inlet, STREAM_WINDOW_BYTES - ITEM_COST_BYTES);
  assertThrows(() => push(inlet, 0), ProtocolError);
  assertEquals(grants, []);
});

for (const waits of [true, false]) {
  const when = waits ? "is waited for" : "was kept";
  test(`an item that ${when} and does not decode rejects, and the other end is notified`, async () => {
    const error = new Error("no item");
    const { inlet, stream, left } = inletOf((bytes) => {
      if (bytes.length === 2) throw error;
      return bytes.length;
    });
    let next = waits ? stream.next() : undefined;
    push(inlet, 2);
    push(inlet, 1);
    next ??= stream.next();
    assertEquals(await assertRejects(async () => await next), error);
    assertEquals([left, await stream.next(), inlet.bufferedBytes], [[error], DONE, 0]);
  });
}

test("reading a stream twice throws at once", () => {
  const loop = inletOf().stream;
  loop[Symbol.asyncIterator]();
  assertThrows(() => loop[Symbol.asyncIterator](), TypeError, "Cannot read a stream twice");
  assertThrows(() => loop.readable, TypeError);
  const view = inletOf().stream;
  assertEquals(view.readable instanceof ReadableStream, true);
  assertThrows(() => view.readable, TypeError);
  assertThrows(() => view[Symbol.asyncIterator](), TypeError);
});

test("readable gives the items, and pulls none before it is read", async () => {
  const { inlet, stream } = inletOf();
  for (const length of [3, 4]) push(inlet, length);
  const reader = stream.readable.getReader();
  await turn();
  assertEquals(inlet.bufferedBytes, 32);
  assertEquals((await reader.read()).value, 3);
  const rest = [reader.read(), reader.read()];
  inlet.end();
  assertEquals(await Promise.all(rest), [{ value: 4, done: false }, DONE]);
});

test("readable rejects with what the stream ended by", async () => {
  const { inlet, stream } = inletOf();
  const reader = stream.readable.getReader();
  const error = new Error("lost");
  inlet.end(error);
  assertEquals(await assertRejects(() => reader.read()), error);
});
