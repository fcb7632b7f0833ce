import { assertEquals } from "@std/assert";
import { test } from "node:test";
import type { BrokerStatus } from "../../server/mod.ts";
import { observeBroker } from "../../server/telemetry.ts";

const API = Symbol.for("opentelemetry.js.api.1");
type Observe = (result: { observe(value: number, attributes: object): void }) => void;

test("observeBroker() lets the status be read at each collection, until it is ended", () => {
  const callbacks = new Map<string, Set<Observe>>();
  const create = (name: string) => {
    const set = new Set<Observe>();
    callbacks.set(name, set);
    return {
      addCallback: (callback: Observe) => set.add(callback),
      removeCallback: (callback: Observe) => set.delete(callback),
    };
  };
  const registered = globalThis as { [API]?: unknown };
  const before = registered[API];
  registered[API] = {
    metrics: {
      getMeter: () => ({ createObservableGauge: create, createObservableCounter: create }),
    },
  };
  let status: BrokerStatus = {
    link: "up",
    final: false,
    proofAgeMs: 500,
    roundTripMs: undefined,
    pendingBytes: 12,
    missed: 11,
    subscribed: 2,
    unsubscribed: 1,
    published: 3,
    dropped: 4,
    failed: 5,
    received: 6,
    stale: 7,
    late: 8,
    otherVersion: 9,
    bad: 10,
  };
  try {
    const end = observeBroker("chat", () => status);
    const collect = (): string[] => {
      const lines: string[] = [];
      for (const [name, set] of callbacks) {
        for (const callback of set) {
          callback({
            observe: (value, attributes) =>
              lines.push([name, ...Object.values(attributes), value].join(" ")),
          });
        }
      }
      return lines;
    };
    assertEquals(collect(), [
      "hardlight.broker.link chat 1",
      "hardlight.broker.proof.age chat 0.5",
      "hardlight.broker.pending chat 12",
      "hardlight.broker.topics chat subscribed 2",
      "hardlight.broker.topics chat unsubscribed 1",
      "hardlight.broker.events chat published 3",
      "hardlight.broker.events chat dropped 4",
      "hardlight.broker.events chat failed 5",
      "hardlight.broker.events chat received 6",
      "hardlight.broker.events chat missed 11",
      "hardlight.broker.events chat stale 7",
      "hardlight.broker.events chat late 8",
      "hardlight.broker.events chat other_version 9",
      "hardlight.broker.bad_messages chat 10",
    ]);
    status = { ...status, link: "down", roundTripMs: 2 };
    const lines = collect();
    assertEquals([lines[0], lines[2]], [
      "hardlight.broker.link chat 0",
      "hardlight.broker.round_trip chat 0.002",
    ]);
    end();
    assertEquals(collect(), []);
  } finally {
    if (before === undefined) delete registered[API];
    else registered[API] = before;
  }
});

test("observeBroker() does nothing where no API is registered", () => {
  const registered = globalThis as { [API]?: unknown };
  const before = registered[API];
  delete registered[API];
  try {
    let read = 0;
    const end = observeBroker("chat", () => {
      read++;
      throw new Error("not now");
    });
    end();
    assertEquals(read, 0);
  } finally {
    if (before !== undefined) registered[API] = before;
  }
});
