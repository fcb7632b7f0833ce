/**
 * How far a source goes ahead of its reader: a pause is no distance, and others' messages go first.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { openLead } from "../../stream/lead.ts";

const GRANTED = 16_384;
const WINDOW_BYTES = 262_144;
/** An item of 64 KiB, with what it costs besides. */
const LARGE_BYTES = 65_600;

/** A lead on a shared connection, whose timers fire when they are told to. */
function leadOf(quietMs = 0) {
  let due = new Set<() => void>();
  let wentOn = 0;
  const streams = { quietMs };
  const lead = openLead({
    after(_delayMs, run) {
      due.add(run);
      return () => void due.delete(run);
    },
    streams,
  }, () => wentOn++);
  lead.sent(0);
  return {
    lead,
    get isNear() {
      return lead.leftRoom > 0;
    },
    get wentOn() {
      return wentOn;
    },
    /** For so long no other message has been noticed, as the next grant finds. */
    set quietMs(ms: number) {
      streams.quietMs = ms;
    },
    /** The timers fire. */
    fire() {
      const runs = due;
      due = new Set();
      for (const run of runs) run();
    },
    /** So many waits that are soon over, and one that is not yet. */
    waitAgain(times = 1) {
      for (; times > 0; times--) {
        lead.granted(GRANTED, 262_144);
        lead.wait();
      }
    },
  };
}

/** Let it wait until its reader counts as far. */
function beFar(it: ReturnType<typeof leadOf>): number {
  it.lead.wait();
  let looks = 0;
  for (; it.isNear && looks < 20; looks++) it.fire();
  return looks;
}

test("a reader that grants nothing for some looks gets the whole window", () => {
  const it = leadOf();
  it.lead.wait();
  it.fire();
  assertEquals(it.isNear, true);
  beFar(it);
  assertEquals(it.isNear, false);
  assertEquals(it.wentOn, 1);
});

test("a reader that grants once between two looks is as far", () => {
  const it = leadOf();
  it.lead.wait();
  for (let looks = 0; looks < 10 && it.isNear; looks++) {
    it.waitAgain();
    it.fire();
  }
  assertEquals(it.isNear, false);
});

test("pauses between many grants do not make a reader far", () => {
  const it = leadOf();
  it.lead.wait();
  for (let pauses = 0; pauses < 50; pauses++) {
    it.fire();
    it.fire();
    it.waitAgain(5);
    it.fire();
  }
  assertEquals(it.isNear, true);
  assertEquals(it.wentOn, 0);
});

test("a far reader is tested again, later each time if it took its items slowly", () => {
  for (const isSlow of [false, true]) {
    const it = leadOf();
    const rounds: number[] = [];
    for (let round = 0; round < 3; round++) {
      beFar(it);
      if (isSlow) it.fire();
      let grants = 0;
      for (; !it.isNear && grants < 10_000; grants++) it.lead.granted(GRANTED, 262_144);
      rounds.push(grants);
    }
    assertEquals(rounds, isSlow ? [256, 512, 1024] : [256, 256, 256]);
  }
});

test("of a wider window as much is left, by a far reader what is more than the first credit", () => {
  const it = leadOf();
  const { leftRoom } = it.lead;
  it.lead.granted(262_144, 524_288);
  assertEquals(it.lead.leftRoom, leftRoom + 262_144);
  it.lead.granted(GRANTED, 524_288);
  assertEquals(it.lead.leftRoom, leftRoom + 262_144);
  it.lead.wait();
  for (let looks = 0; it.wentOn === 0 && looks < 20; looks++) it.fire();
  assertEquals([it.wentOn, it.lead.leftRoom], [1, 262_144]);
});

test("a lead that has stopped leaves no timer", () => {
  const it = leadOf();
  beFar(it);
  it.lead.stop();
  it.fire();
  assertEquals(it.wentOn, 1);
});

test("a source is four large items ahead, two while others' messages come soon after one another", () => {
  const aheadBytes = (quietMs: number): number => {
    const it = leadOf(1000);
    it.lead.sent(20_000);
    it.quietMs = quietMs;
    it.lead.granted(20_000, WINDOW_BYTES);
    return WINDOW_BYTES - it.lead.leftRoom;
  };
  assertEquals([0, 3.9].map(aheadBytes), [40_000, 40_000]);
  assertEquals([4, 999].map(aheadBytes), [80_000, 80_000]);
  assertEquals([1000, Infinity].map(aheadBytes), [WINDOW_BYTES, WINDOW_BYTES], "alone");
});

test("then it pauses after 64 KiB of large items, until a timer fires", () => {
  const it = leadOf();
  it.lead.sent(30_000);
  it.lead.sent(35_535);
  assertEquals(it.lead.leftRoom < Infinity, true);
  it.lead.sent(8193);
  assertEquals(it.lead.leftRoom, Infinity);
  it.lead.granted(73_728, WINDOW_BYTES);
  assertEquals([it.lead.leftRoom, it.wentOn], [Infinity, 0]);
  it.fire();
  assertEquals([it.lead.leftRoom, it.wentOn], [WINDOW_BYTES - 71_070, 1]);
  it.lead.sent(LARGE_BYTES);
  assertEquals(it.lead.leftRoom, Infinity, "again");
});

test("no source pauses for small items, nor while others' messages are rare, nor if its reader is far", () => {
  const small = leadOf();
  for (let items = 0; items < 100; items++) small.lead.sent(8192);
  const rare = leadOf(4);
  const far = leadOf();
  beFar(far);
  for (const { lead } of [rare, far]) for (let i = 0; i < 10; i++) lead.sent(LARGE_BYTES);
  for (const { lead } of [small, rare, far]) assertEquals(lead.leftRoom < Infinity, true);
});

test("a pause is no wait for a grant", () => {
  const it = leadOf();
  for (let round = 0; round < 20; round++) {
    it.lead.sent(LARGE_BYTES);
    it.lead.wait();
    it.fire();
  }
  assertEquals([it.isNear, it.wentOn], [true, 20]);
});

test("a lead that stops in a pause leaves no timer", () => {
  const it = leadOf();
  it.lead.sent(LARGE_BYTES);
  it.lead.stop();
  it.fire();
  assertEquals(it.wentOn, 0);
});
