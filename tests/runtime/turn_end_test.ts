import { systemClock, timersOf } from "../../wire/clock.ts";
import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { Gatherer, type Gathering } from "../../runtime/gatherer.ts";
import { openOutlet } from "../../stream/open_outlet.ts";
import type { Outlet } from "../../stream/types.ts";
import { ITEM_COST_BYTES } from "../../stream/lead.ts";
import { turns } from "../../wire/batch.ts";

const { after } = timersOf(systemClock);
const nextMicrotask = turns.atEnd;
const isExpecting = () => turns.atEnd !== nextMicrotask;
const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

const socket = (sendWhole: Gathering["sendWhole"]): Gathering => ({
  gatherer: undefined,
  sendWhole,
});

/** The sizes of what a socket sends, in bytes. */
function gathering() {
  const sent: number[] = [];
  return { sent, to: socket((message) => void sent.push(message.length)) };
}

async function* items(count: number, wait?: () => Promise<void>) {
  for (let i = 0; i < count; i++) {
    await wait?.();
    yield i;
  }
}

/** To a reader that reads each item at once. */
function outletTo(to: Gathering, source: unknown): Outlet {
  const outlet = openOutlet(source, {
    after,
    streams: { quietMs: 0 },
    mustWait: () => false,
    send: () => {
      Gatherer.of(to).send(new Uint8Array(10));
      outlet.grant(10 + ITEM_COST_BYTES);
      return 10;
    },
    onEnd() {},
  });
  return outlet;
}

test("without a stream a turn is over in a microtask", async () => {
  assertEquals(isExpecting(), false);
  const log: string[] = [];
  turns.atEnd(() => 0, () => log.push("over"));
  queueMicrotask(() => log.push("next"));
  await undefined;
  await undefined;
  assertEquals(log, ["over", "next"]);
});

test("a stream whose items wait for no turn's end leaves nothing for the next message", async () => {
  openOutlet([1, 2], {
    after,
    streams: { quietMs: 0 },
    mustWait: () => false,
    send: () => 10,
    onEnd() {},
  });
  await turn();
  assertEquals(isExpecting(), false);
});

test("the items of an async generator go together, though each comes by itself", async () => {
  const { sent, to } = gathering();
  outletTo(to, items(100));
  await turn();
  assertEquals(sent, [1000]);
  outletTo(to, items(100, () => Promise.resolve()));
  await turn();
  assertEquals(sent, [1000, 1000]);
});

test("one item does not wait for another that takes its time", async () => {
  const { sent, to } = gathering();
  outletTo(to, items(3, turn));
  for (let i = 0; i < 10 && sent.length < 3; i++) await turn();
  assertEquals(sent, [10, 10, 10]);
});

test("more than a batch goes in several, none of them larger", async () => {
  const { sent, to } = gathering();
  outletTo(to, items(2000));
  await turn();
  assertEquals(sent.reduce((sum, bytes) => sum + bytes, 0), 20_000);
  assert(sent.length === 2 && sent[0]! <= 16_384, `${sent}`);
});

test("what else is sent while a stream is goes with it, in order", async () => {
  const messages: number[][] = [];
  const to = socket((message) => void messages.push([...message]));
  const outlet = openOutlet(items(3), {
    after,
    streams: { quietMs: 0 },
    mustWait: () => false,
    send: (item) => {
      Gatherer.of(to).send(Uint8Array.of(item as number));
      if (item === 1) Gatherer.of(to).send(Uint8Array.of(9));
      return 1;
    },
    onEnd() {},
  });
  await turn();
  assertEquals([messages, outlet.items], [[[0, 1, 9, 2]], 3]);
});

test("a stream that has nothing to send has nothing else wait", async () => {
  const { sent, to } = gathering();
  let go = () => {};
  const outlet = outletTo(to, items(3, () => new Promise((resolve) => go = resolve)));
  assertEquals(isExpecting(), false);
  await turn();
  go();
  await turn();
  assertEquals([sent, isExpecting()], [[10], false]);
  outlet.cancel();
});

test("a socket keeps no gatherer when its turn is over, and a large message takes what waits along", async () => {
  const { sent, to } = gathering();
  Gatherer.of(to).send(new Uint8Array(3));
  Gatherer.of(to).send(new Uint8Array(1 << 20));
  Gatherer.of(to).send(new Uint8Array(4));
  assertEquals([sent, to.gatherer === undefined], [[3, 1 << 20], false]);
  await turn();
  assertEquals([sent, to.gatherer], [[3, 1 << 20, 4], undefined]);
});
