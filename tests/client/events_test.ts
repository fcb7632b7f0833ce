import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { test } from "node:test";
import { createFullClient } from "../../client/full.ts";
import { MANY_ITERATORS } from "../../client/check_uses.ts";
import { OverflowError } from "../../stream/queue.ts";
import {
  createEventHub,
  type EventHub,
  type EventsOptions,
  type EventStream,
} from "../../client/events.ts";
import { onAbort } from "../../wire/signals.ts";
import { rpc, service, u32 } from "../../mod.ts";
import { Topic } from "../../wire/topic.ts";
import { fakeDialer, FakePeer } from "../support/fake_peer.ts";
import { testDeflater } from "../support/test_deflater.ts";
import { collectAll, collected } from "../support/garbage.ts";

const TOPIC = Topic.from("numbers");

function hubOf(
  maxQueuedEvents: number,
  errors: unknown[] = [],
  maxQueuedEventBytes = 1 << 20,
): EventHub<number> {
  const hub = holdingHubOf(maxQueuedEvents, errors, maxQueuedEventBytes);
  hub.release();
  return hub;
}

/** One that keeps events for the iterators to come. */
function holdingHubOf(
  maxQueuedEvents: number,
  errors: unknown[] = [],
  maxQueuedEventBytes = 1 << 20,
): EventHub<number> {
  const report = (error: Error): void => void errors.push(error);
  return createEventHub({ maxQueuedEvents, maxQueuedEventBytes }, report, onAbort);
}

/** Deliver an event of so many bytes. */
function deliver<E>(hub: EventHub<E>, topic: Topic, payload: E, bytes: number): void {
  hub.deliver(topic, 0, bytes, () => [{ topic, payload }, bytes]);
}

async function rest(stream: EventStream<number>, payloads: number[] = []): Promise<number[]> {
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
    const hub = hubOf(32);
    const stream = hub.open(options);
    for (let i = 0; i < sent; i++) deliver(hub, TOPIC, i, 8);
    hub.end();
    assertEquals(await rest(stream), expected);
    assertEquals(stream.dropped, dropped);
  });
}

test("EventHub.open() keeps order over many rounds of filling and reading", async () => {
  const hub = hubOf(4);
  const stream = hub.open();
  const got: number[] = [];
  let sent = 0;
  for (let round = 0; round < 50; round++) {
    for (let i = 0; i <= round % 4; i++) deliver(hub, TOPIC, sent++, 8);
    for (let i = 0; i <= round % 4; i++) {
      const { value } = await stream.next();
      got.push(value?.payload ?? -1);
    }
  }
  assertEquals(got, Array.from({ length: sent }, (_, i) => i));
  assertEquals(stream.dropped, 0);
  await stream.return();
  assertEquals(hub.size(), 0);
});

test('EventHub.open({ overflow: "close" }) ends with OverflowError after what was buffered', async () => {
  const hub = hubOf(32);
  const stream = hub.open({ buffer: 2, overflow: "close" });
  for (let i = 0; i < 4; i++) deliver(hub, TOPIC, i, 8);
  assertEquals(hub.size(), 0);
  assertEquals((await stream.next()).value?.payload, 0);
  assertEquals((await stream.next()).value?.payload, 1);
  await assertRejects(() => stream.next(), OverflowError);
  assertEquals(await stream.next(), { done: true, value: undefined });
  assertEquals(stream.dropped, 1);
});

test("EventHub.deliver() gives iterators what they ask for, each on its own", async () => {
  const hub = hubOf(32);
  const all = hub.open();
  const text = hub.open({ topic: "a" });
  const empty = hub.open({ topic: "" });
  const bytes = hub.open({ topic: Topic.from(new Uint8Array([97])) });
  const slow = hub.open({ buffer: 1 });
  deliver(hub, Topic.from("a"), 1, 8);
  deliver(hub, Topic.from(new Uint8Array([97])), 2, 8);
  deliver(hub, Topic.from("b"), 3, 8);
  deliver(hub, Topic.from(""), 4, 8);
  hub.end();
  assertEquals(await rest(all), [1, 2, 3, 4]);
  assertEquals(await rest(empty), [4]);
  assertEquals(await rest(text), [1]);
  assertEquals(await rest(bytes), [2]);
  assertEquals(await rest(slow), [4]);
  assertEquals([all.dropped, slow.dropped], [0, 3]);
});

test("EventHub.deliver() wakes those who wait, in turn", async () => {
  const hub = hubOf(32);
  const stream = hub.open();
  const waiting = [stream.next(), stream.next(), stream.next()];
  deliver(hub, TOPIC, 1, 8);
  deliver(hub, TOPIC, 2, 8);
  hub.end();
  const values = (await Promise.all(waiting)).map(({ value }) => value?.payload);
  assertEquals(values, [1, 2, undefined]);
});

test("EventHub.deliver() reads an event once, if an iterator receives it", () => {
  const hub = hubOf(32);
  let reads = 0;
  const next = (): number => {
    hub.deliver(TOPIC, 0, 8, () => [{ topic: TOPIC, payload: reads++ }, 8]);
    return reads;
  };
  assertEquals([hub.wanted(), next()], [false, 0]);
  hub.open({ topic: "other" });
  assertEquals([hub.wanted(), next()], [true, 0]);
  hub.open({ topic: TOPIC });
  hub.open();
  assertEquals([hub.wanted(), next()], [true, 1]);
});

test("EventHub.open() unsubscribes when its loop is left, its signal aborts or it is disposed of", async () => {
  const hub = hubOf(32);
  const controller = new AbortController();
  const aborted = hub.open({ signal: controller.signal });
  deliver(hub, TOPIC, 1, 8);
  controller.abort();
  assertEquals(hub.size(), 0);
  assertEquals(await rest(aborted), [1]);

  const left = hub.open();
  deliver(hub, TOPIC, 2, 8);
  for await (const { payload } of left) {
    assertEquals(payload, 2);
    break;
  }
  assertEquals(hub.size(), 0);
  {
    await using _stream = hub.open();
    assertEquals(hub.size(), 1);
  }
  assertEquals(hub.size(), 0);
  assertEquals(await rest(hub.open({ signal: controller.signal })), []);
  assertEquals(hub.size(), 0);
});

test("EventHub.open() after the end is over at once", async () => {
  const hub = hubOf(32);
  hub.end();
  assertEquals(await rest(hub.open()), []);
});

/** A client that has no connection yet, outside a page. */
function clientOf(errors: unknown[] = []) {
  const { dial } = fakeDialer(() => new FakePeer());
  return createFullClient(
    service({ rpc: { get: rpc() }, event: u32 }),
    "ws://test/",
    { onError: (error) => errors.push(error) },
    { dial, deflater: testDeflater },
  );
}

for (const buffer of [0, -1, 1.5, NaN, Infinity]) {
  test(`Client.events() refuses a buffer of ${buffer}`, () => {
    assertThrows(() => clientOf().events({ buffer }), RangeError);
  });
}

test("Client.events() refuses an unknown overflow policy, and anything but a topic", () => {
  assertThrows(() => clientOf().events({ overflow: "queue" as "close" }), TypeError);
  assertThrows(() => clientOf().events({ topic: 7 as unknown as string }), TypeError);
});

for (const overflow of ["drop-oldest", "drop-newest", "close"] as const) {
  test(`EventHub.open({ overflow: "${overflow}" }) bounds what waits in bytes, but for one event`, async () => {
    const hub = hubOf(1000, [], 4000);
    const stream = hub.open({ overflow });
    deliver(hub, TOPIC, 0, 1_000_000);
    deliver(hub, TOPIC, 1, 1000);
    deliver(hub, TOPIC, 2, 1000);
    hub.end();
    const got: number[] = [];
    assertEquals(
      await rest(stream, got).catch((error) => error instanceof OverflowError),
      { "drop-oldest": [1, 2], "drop-newest": [0], "close": true }[overflow],
    );
    assertEquals(got, overflow === "drop-oldest" ? [1, 2] : [0]);
    assertEquals(stream.dropped, { "drop-oldest": 1, "drop-newest": 2, "close": 1 }[overflow]);
  });
}

test("EventHub tells of the first loss of each iterator, and how to choose otherwise", () => {
  const errors: unknown[] = [];
  const hub = hubOf(2, errors);
  hub.open();
  hub.open({ overflow: "drop-newest" });
  hub.open({ overflow: "close" });
  hub.open({ buffer: 100 });
  for (let i = 0; i < 50; i++) deliver(hub, TOPIC, i, 8);
  assertEquals(errors.map((error) => error instanceof OverflowError), [true, true]);
  for (const error of errors) assertMatch(String(error), /overflow/);
});

test("an iterator may be ended while its first loss is reported", async () => {
  const streams: EventStream<number>[] = [];
  const hub = createEventHub<number>(
    { maxQueuedEvents: 1, maxQueuedEventBytes: 1000 },
    () => void streams[0]!.return(),
    onAbort,
  );
  hub.release();
  streams.push(hub.open());
  for (let i = 0; i < 5; i++) deliver(hub, TOPIC, i, 8);
  assertEquals([hub.size(), await rest(streams[0]!)], [0, []]);
});

test("EventHub keeps events for iterators that are opened before release()", async () => {
  const errors: unknown[] = [];
  const hub = holdingHubOf(3, errors);
  assertEquals([hub.wanted(), hub.size()], [true, 0]);
  for (let i = 0; i < 5; i++) deliver(hub, TOPIC, i, 8);
  deliver(hub, Topic.from("other"), 5, 8);
  assertEquals([hub.size(), errors], [0, []]);
  const all = hub.open();
  const some = hub.open({ topic: TOPIC });
  deliver(hub, TOPIC, 6, 8);
  const late = hub.open({ topic: TOPIC });
  assertEquals(hub.size(), 3);
  hub.release();
  assertEquals([hub.wanted(), hub.size()], [true, 3]);
  const none = hub.open();
  deliver(hub, TOPIC, 7, 8);
  hub.end();
  assertEquals(await rest(all), [5, 6, 7]);
  assertEquals(await rest(some), [4, 6, 7]);
  assertEquals(await rest(late), [4, 6, 7]);
  assertEquals(await rest(none), [7]);
});

test("unreferenced iterators end when they are collected", async () => {
  const hub = hubOf(100);
  const { signal } = new AbortController();
  const kept = hub.open();
  const open = async (): Promise<void> => {
    hub.open();
    hub.open({ signal });
    const next = hub.open().next();
    deliver(hub, TOPIC, 1, 8);
    await next;
  };
  for (let i = 0; i < 100; i++) await open();
  assertEquals(hub.size(), 301);
  // The last may still be in a register.
  assert(await collected(() => hub.size() < 20), `${hub.size()} of 301 are left`);
  assertEquals((await kept.next()).value?.payload, 1);
});

test("an iterator with a pending next() is never collected, and ends later if unreferenced", async () => {
  const hub = hubOf(100);
  const got: number[] = [];
  const loop = async (): Promise<void> => {
    for await (const { payload } of hub.open()) got.push(payload);
  };
  void loop();
  const once = (): Promise<unknown> => hub.open().next();
  const waited = once();
  await collectAll();
  assertEquals(hub.size(), 2);
  deliver(hub, TOPIC, 1, 8);
  await waited;
  assert(
    await collected(() => hub.size() === 1),
    "the unreferenced one is still there",
  );
  await collectAll();
  deliver(hub, TOPIC, 2, 8);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals([got, hub.size()], [[1, 2], 1]);
});

test("a client tells once that very many iterators are open", () => {
  const errors: unknown[] = [];
  const client = clientOf(errors);
  const streams = Array.from({ length: MANY_ITERATORS - 1 }, () => client.events());
  assertEquals(errors, []);
  streams.push(client.events(), client.events());
  assertEquals(errors.length, 1);
  void streams[0]!.return();
  void streams[1]!.return();
  streams.push(client.events());
  assertEquals([errors.length, client.stats().eventIterators], [1, MANY_ITERATORS]);
});
