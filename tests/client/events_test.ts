import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { test } from "node:test";
import { OverflowError } from "../../client/bounded_iterator.ts";
import { EventHub, type EventsOptions, type EventStream } from "../../client/events.ts";
import { Topic } from "../../wire/topic.ts";

const TOPIC = Topic.from("numbers");

async function rest(stream: EventStream<number>): Promise<number[]> {
  const payloads: number[] = [];
  for await (const { payload } of stream) payloads.push(payload);
  return payloads;
}

const POLICIES: readonly {
  options: EventsOptions;
  sent: number;
  expected: number[];
  dropped: number;
}[] = [
  { options: { buffer: 3 }, sent: 3, expected: [0, 1, 2], dropped: 0 },
  { options: { buffer: 3 }, sent: 5, expected: [2, 3, 4], dropped: 2 },
  { options: { buffer: 1, overflow: "drop-oldest" }, sent: 9, expected: [8], dropped: 8 },
  { options: { buffer: 3, overflow: "drop-newest" }, sent: 5, expected: [0, 1, 2], dropped: 2 },
  { options: {}, sent: 33, expected: Array.from({ length: 32 }, (_, i) => i + 1), dropped: 1 },
];
for (const { options, sent, expected, dropped } of POLICIES) {
  test(`EventHub.open(${JSON.stringify(options)}) keeps ${expected.length} of ${sent} events`, async () => {
    const hub = new EventHub<number>(32);
    const stream = hub.open(options);
    for (let i = 0; i < sent; i++) hub.deliver(TOPIC, i);
    hub.end();
    assertEquals(await rest(stream), expected);
    assertEquals(stream.dropped, dropped);
  });
}

test("EventHub.open() keeps order over many rounds of filling and reading", async () => {
  const hub = new EventHub<number>(4);
  const stream = hub.open();
  const got: number[] = [];
  let sent = 0;
  for (let round = 0; round < 50; round++) {
    for (let i = 0; i <= round % 4; i++) hub.deliver(TOPIC, sent++);
    for (let i = 0; i <= round % 4; i++) {
      const { value } = await stream.next();
      got.push(value?.payload ?? -1);
    }
  }
  assertEquals(got, Array.from({ length: sent }, (_, i) => i));
  assertEquals(stream.dropped, 0);
  await stream.return?.();
  assertEquals(hub.size, 0);
});

test('EventHub.open({ overflow: "close" }) ends with OverflowError after what was buffered', async () => {
  const hub = new EventHub<number>(32);
  const stream = hub.open({ buffer: 2, overflow: "close" });
  for (let i = 0; i < 4; i++) hub.deliver(TOPIC, i);
  assertEquals(hub.size, 0);
  assertEquals((await stream.next()).value?.payload, 0);
  assertEquals((await stream.next()).value?.payload, 1);
  await assertRejects(() => stream.next(), OverflowError);
  assertEquals(await stream.next(), { done: true, value: undefined });
  assertEquals(stream.dropped, 1);
});

test("EventHub.deliver() gives iterators what they ask for, each on its own", async () => {
  const hub = new EventHub<number>(32);
  const all = hub.open();
  const text = hub.open({ topic: "a" });
  const bytes = hub.open({ topic: Topic.from(new Uint8Array([97])) });
  const slow = hub.open({ buffer: 1 });
  hub.deliver(Topic.from("a"), 1);
  hub.deliver(Topic.from(new Uint8Array([97])), 2);
  hub.deliver(Topic.from("b"), 3);
  hub.end();
  assertEquals(await rest(all), [1, 2, 3]);
  assertEquals(await rest(text), [1]);
  assertEquals(await rest(bytes), [2]);
  assertEquals(await rest(slow), [3]);
  assertEquals([all.dropped, slow.dropped], [0, 2]);
});

test("EventHub.deliver() wakes those who wait, in turn", async () => {
  const hub = new EventHub<number>(32);
  const stream = hub.open();
  const waiting = [stream.next(), stream.next(), stream.next()];
  hub.deliver(TOPIC, 1);
  hub.deliver(TOPIC, 2);
  hub.end();
  const values = (await Promise.all(waiting)).map(({ value }) => value?.payload);
  assertEquals(values, [1, 2, undefined]);
});

test("EventHub.wants() is false where nobody listens", () => {
  const hub = new EventHub<number>(32);
  assertEquals(hub.wants(TOPIC), false);
  hub.open({ topic: "other" });
  assertEquals(hub.wants(TOPIC), false);
  hub.open({ topic: TOPIC });
  assertEquals(hub.wants(TOPIC), true);
});

test("EventHub.open() lets go when its loop is left, its signal aborts or it is disposed of", async () => {
  const hub = new EventHub<number>(32);
  const controller = new AbortController();
  const aborted = hub.open({ signal: controller.signal });
  hub.deliver(TOPIC, 1);
  controller.abort();
  assertEquals(hub.size, 0);
  assertEquals(await rest(aborted), [1]);

  const left = hub.open();
  hub.deliver(TOPIC, 2);
  for await (const { payload } of left) {
    assertEquals(payload, 2);
    break;
  }
  assertEquals(hub.size, 0);
  {
    await using _stream = hub.open();
    assertEquals(hub.size, 1);
  }
  assertEquals(hub.size, 0);
  assertEquals(await rest(hub.open({ signal: controller.signal })), []);
  assertEquals(hub.size, 0);
});

test("EventHub.open() after the end is over at once", async () => {
  const hub = new EventHub<number>(32);
  hub.end();
  assertEquals(await rest(hub.open()), []);
});

for (const buffer of [0, -1, 1.5, NaN, Infinity]) {
  test(`EventHub.open() refuses a buffer of ${buffer}`, () => {
    assertThrows(() => new EventHub<number>(32).open({ buffer }), RangeError);
  });
}

test("EventHub.open() refuses an unknown overflow policy", () => {
  assertThrows(() => new EventHub<number>(32).open({ overflow: "queue" as "close" }), TypeError);
});
