import { assertEquals } from "@std/assert";
import { test } from "node:test";
import type { ConnectOptions } from "../../client.ts";
import type { ServeOptions } from "../../server.ts";
import type { ServerStats } from "../../server/mod.ts";
import type { ServerTrace } from "../../server/telemetry.ts";
import type { ClientTrace } from "../../client/telemetry.ts";
import { textOf } from "./markdown.ts";

/** Every option: one that is missing here does not compile. */
const SERVE: Readonly<Record<keyof ServeOptions<never>, true>> = {
  port: true,
  hostname: true,
  tls: true,
  fallback: true,
  origins: true,
  hosts: true,
  authorize: true,
  onError: true,
  onProtocolError: true,
  callRate: true,
  maxLevel: true,
  onTrace: true,
  broker: true,
  onMissedEvents: true,
  limits: true,
};
const CONNECT: Readonly<Record<keyof ConnectOptions<never, never>, true>> = {
  tls: true,
  headers: true,
  level: true,
  reconnect: true,
  onConnect: true,
  client: true,
  onError: true,
  onTrace: true,
  whenFull: true,
  signal: true,
  limits: true,
};
const STATS: Readonly<Record<keyof ServerStats, true>> = {
  connectionsOpened: true,
  connectionsRefused: true,
  slowConsumersClosed: true,
  protocolErrors: true,
  callsReceived: true,
  callsFailed: true,
  callsLimited: true,
  callsCancelled: true,
  clientCalls: true,
  itemsReceived: true,
  itemsSent: true,
  messagesReceived: true,
  bytesReceived: true,
  bytesSent: true,
  eventsDelivered: true,
  eventsTooBig: true,
  connections: true,
  callsInFlight: true,
  streamsOpen: true,
  clientCallsInFlight: true,
  subscriptions: true,
  topics: true,
  bufferedBytes: true,
  heldBytes: true,
};

const TRACES: Readonly<Record<ServerTrace["type"] | ClientTrace["type"], true>> = {
  call: true,
  clientCall: true,
  answer: true,
  opened: true,
  closed: true,
  refused: true,
};

/** The names in the first column of the table under a heading. */
function names(page: string, heading: string): readonly string[] {
  const [, section = ""] = textOf(page).split(`## ${heading}\n`);
  const rows = section.split("\n## ")[0]!.split("\n").filter((line) => line.startsWith("| "));
  return rows.slice(2).flatMap((row) =>
    [...row.split(" | ")[0]!.matchAll(/`(\w+)`/g)].map(([, name]) => name!)
  );
}

for (
  const [page, heading, all] of [
    ["docs/options.md", "Server options", SERVE],
    ["docs/options.md", "Client options", CONNECT],
    ["docs/observability.md", "Counters", STATS],
    ["docs/observability.md", "Traces", TRACES],
  ] as const
) {
  test(`${page} has every name under "${heading}"`, () => {
    assertEquals([...names(page, heading)].sort(), Object.keys(all).sort());
  });
}
