import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { CHECK_BYTES, openGate, RESUME_MS, SENT_PART } from "../../stream/gate.ts";
import { timersOf } from "../../wire/clock.ts";
import { FakeClock } from "../support/fake_clock.ts";

const MAX_BUFFERED_BYTES = 16 << 20;
const SHARE_BYTES = MAX_BUFFERED_BYTES / SENT_PART;

/** A gate, and sources that send items of so many bytes whenever they may. */
function gateOf(maxBufferedBytes = MAX_BUFFERED_BYTES) {
  const clock = new FakeClock();
  const sender = { bufferedBytes: 0 };
  const gate = openGate(sender, maxBufferedBytes, timersOf(clock).after);
  const sent: number[] = [];
  const source = (name: number, itemBytes: number, items = Infinity) => {
    let left = items;
    const each = {
      resume() {
        while (left > 0 && !gate.mustWait(each)) {
          left--;
          sent.push(name);
          sender.bufferedBytes += itemBytes;
          gate.sent(itemBytes);
        }
      },
    };
    return each;
  };
  return { clock, sender, gate, sent, source };
}

// Items that are looked at one by one: as many as fill the share go, and one more.
for (const itemBytes of [CHECK_BYTES, 300_000, 1 << 20]) {
  const fitting = Math.floor(SHARE_BYTES / itemBytes) + 1;
  for (const sources of [fitting, fitting + 1, 256]) {
    test(`of the first items of ${sources} sources, of ${itemBytes} bytes, ${fitting} go at once`, () => {
      const { sender, sent, source } = gateOf();
      for (let i = 0; i < sources; i++) source(i, itemBytes, 1).resume();
      assertEquals(sent, Array.from({ length: fitting }, (_, i) => i));
      assert(sender.bufferedBytes <= SHARE_BYTES + itemBytes, `${sender.bufferedBytes}`);
    });
  }
}

test("small items wait as well: at most the share, CHECK_BYTES and one item are queued", () => {
  for (const maxBufferedBytes of [1 << 16, 1 << 20, MAX_BUFFERED_BYTES]) {
    const { sender, source } = gateOf(maxBufferedBytes);
    for (let i = 0; i < 256; i++) source(i, 1000).resume();
    const share = maxBufferedBytes / SENT_PART;
    assert(sender.bufferedBytes > share, `${sender.bufferedBytes}`);
    const most = share + Math.min(CHECK_BYTES, share) + 1000;
    assert(sender.bufferedBytes <= most, `${sender.bufferedBytes}`);
  }
});

test("a gate that opens where much waits already is looked at for the first item", () => {
  const { sender, sent, source } = gateOf();
  sender.bufferedBytes = SHARE_BYTES + 1;
  source(0, 10).resume();
  assertEquals(sent, []);
});

test("sources that wait go on one by one, in turns, those that come later behind them", () => {
  const { clock, sender, sent, source } = gateOf();
  for (let i = 0; i < 6; i++) source(i, 1 << 20, 3).resume();
  for (let read = 0; read < 60; read++) {
    assert(sender.bufferedBytes <= SHARE_BYTES + (1 << 20), `${sender.bufferedBytes}`);
    sender.bufferedBytes = 0;
    // Others come all the time, and nobody starves.
    source(100 + read, 1 << 20, 1).resume();
    clock.advance(RESUME_MS);
  }
  assertEquals(sent.slice(0, 9), [0, 0, 0, 1, 2, 3, 4, 5, 100]);
  for (let i = 0; i < 6; i++) assertEquals(sent.filter((name) => name === i).length, 3, `${i}`);
});

test("nothing goes on while the peer does not read, and one timer waits", () => {
  const { clock, sender, gate, sent, source } = gateOf();
  for (let i = 0; i < 256; i++) source(i, 1 << 20).resume();
  const before = [...sent];
  for (let i = 0; i < 1000; i++) {
    clock.advance(RESUME_MS);
    gate.goOn();
    assertEquals(clock.pending, 1);
  }
  assertEquals(sent, before);
  sender.bufferedBytes = SHARE_BYTES / 2;
  gate.goOn();
  assertEquals(sent.length, before.length + 1);
  gate.stop();
  assertEquals(clock.pending, 0);
});

test("the last that waits leaves no timer, and the next is looked at anew", () => {
  const { clock, sender, gate, sent, source } = gateOf();
  const first = source(0, 1 << 20);
  first.resume();
  assertEquals([sent.length, clock.pending], [2, 1]);
  gate.forget(first);
  assertEquals(clock.pending, 0);
  const second = source(1, 1 << 20);
  second.resume();
  assertEquals([sent.length, clock.pending], [2, 1]);
  sender.bufferedBytes = 0;
  clock.advance(RESUME_MS);
  assertEquals(sent, [0, 0, 1, 1]);
  gate.forget(second);
});
