/**
 * How far a source goes ahead of its reader: a pause is no distance.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { openLead } from "../../stream/lead.ts";

const GRANTED = 16_384;

/** A lead on a shared connection, whose timer fires when it is told to. */
function leadOf() {
  let due: (() => void) | undefined;
  let wentOn = 0;
  const lead = openLead({
    after(_delayMs, run) {
      due = run;
      return () => due = undefined;
    },
    streams: { isShared: true },
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
    /** The timer fires. */
    fire() {
      const run = due;
      due = undefined;
      run?.();
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
