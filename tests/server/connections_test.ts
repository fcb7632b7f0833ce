import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { Connections, type Kept } from "../../server/connections.ts";
import { ServerCounters } from "../../server/stats.ts";
import { DEFAULT_LIMITS } from "../../wire/limits.ts";

/** A connection of which nothing is known but its place, its bytes, and whether its socket outlives it. */
function connectionIn(connections: Connections, name: string) {
  const transport: { lingers: "closing" | "stuck" | undefined } = { lingers: undefined };
  const connection = {
    name,
    slot: -1,
    transport,
    sender: { transport, sentBytes: 10, bufferedBytes: 0 },
    subscriptions: { size: 0 },
  };
  const kept = connection as unknown as Kept;
  connection.slot = connections.add(kept);
  const end = (lingers?: "closing" | "stuck") => {
    transport.lingers = lingers;
    connections.end(kept);
  };
  return { end, gone: () => connections.gone(kept) };
}

function connectionsOf(limits = {}) {
  const counters = new ServerCounters();
  const connections = new Connections({ ...DEFAULT_LIMITS, ...limits }, counters);
  const open = (name: string) => connectionIn(connections, name);
  const names = () => [...connections].map((kept) => (kept as Kept & { name: string }).name).sort();
  const bytes = () => counters.bytesSent + connections.gauges().bytesSent;
  return { connections, open, names: () => names().join(""), bytes };
}

test("Connections keeps what opened and has not ended, in any order of both", () => {
  const { connections, open, names, bytes } = connectionsOf();
  const [a, b, c] = ["a", "b", "c"].map(open);
  a!.end();
  assertEquals([names(), connections.size], ["bc", 2]);
  const d = open("d");
  d.end();
  c!.end();
  assertEquals(names(), "b");
  const e = open("e");
  const f = open("f");
  assertEquals([names(), connections.size], ["bef", 3]);
  for (const { end } of [b!, e, f]) end();
  assertEquals([names(), connections.size, bytes()], ["", 0, 60]);
});

test("Connections keeps what has ended until its socket is gone, and counts its bytes once", async () => {
  const { connections, open, names, bytes } = connectionsOf({
    maxConnections: 3,
    maxStuckConnections: 2,
  });
  const [a, b, c] = ["a", "b", "c"].map(open);
  assertEquals(connections.full, true);
  let isEmpty = false;
  const empty = connections.empty().then(() => isEmpty = true);
  a!.end("stuck");
  b!.end("closing");
  // Those that only wait for their peers leave room for others.
  assertEquals([names(), connections.full, bytes()], ["abc", false, 30]);
  await Promise.resolve();
  assertEquals(isEmpty, false);
  c!.end("stuck");
  await empty;
  assertEquals([connections.size, connections.full], [3, true]);
  for (const { gone } of [a!, b!, c!, c!]) gone();
  assertEquals([names(), connections.size, connections.full, bytes()], ["", 0, false, 30]);
  const [d, e] = ["d", "e"].map(open);
  assertEquals([names(), connections.size], ["de", 2]);
  for (const { end } of [d!, e!]) end();
  await connections.empty();
});
