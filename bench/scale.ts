/**
 * Many connections with few calls each: CPU, latency and memory of a server on each runtime, compared with the
 * runtime's own WebSocket server, which sends the call back.
 *
 * `deno run -A bench/scale.ts [--runtimes deno,bun,node] [--seconds 10] [--rounds 1] [--record]`
 *
 * The clients are plain sockets of one process on one core; the server has the other. Calls follow a fixed schedule,
 * also if earlier ones are late (an open loop), and latency counts from the scheduled time. A connection that still
 * waits skips its turn, which counts as late. 10,000 connections need `ulimit -n` above 10,100 for both.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import type net from "node:net";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Counter } from "../examples/counter/service.ts";
import { describeMachine, machineLines, versionOfRuntime } from "./machine.ts";
import { callFrame, openMany, openPlain } from "./plain_sockets.ts";
import { pin } from "./pin.ts";
import { removeBuilt } from "./on_node.ts";
import { Progress } from "./progress.ts";
import { keep, rowsOfTable } from "./record.ts";
import { digits, median, percentile } from "./statistics.ts";
import { formatTable } from "./table.ts";
import { commandFor, WatchedServer } from "./watched_server.ts";

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    runtimes: { type: "string", default: "deno,bun,node" },
    seconds: { type: "string", default: "10" },
    rounds: { type: "string", default: "1" },
    record: { type: "boolean", default: false },
  },
});
const runtimes = values.runtimes.split(",");
const seconds = Number(values.seconds);
const rounds = Number(values.rounds);
/** Before anything is counted. */
const WARM_UP_SECONDS = 3;

interface Load {
  readonly connections: number;
  /** Of each connection. */
  readonly callsPerSecond: number;
}

const LOADS: readonly Load[] = [
  { connections: 10_000, callsPerSecond: 1 },
  { connections: 1000, callsPerSecond: 10 },
];
const KINDS: Readonly<Record<string, readonly string[]>> = {
  deno: ["raw", "mounted", "hardlight"],
  bun: ["raw", "hardlight"],
  node: ["raw", "hardlight"],
};

/** One connection's call. */
interface Caller {
  readonly socket: net.Socket;
  /** The scheduled time of the call that waits for its answer; 0 if none does. */
  dueMs: number;
}

interface Cost {
  readonly cpuPercent: number;
  readonly cpuUs: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly late: number;
  readonly rssBytes: number;
}

const frame = callFrame(Counter, "get", {});

/** Connections call in turn, evenly over the period. */
async function call(
  callers: readonly Caller[],
  perSecond: number,
  durationMs: number,
): Promise<number> {
  let late = 0;
  const start = performance.now();
  const total = Math.round(callers.length * perSecond * durationMs / 1000);
  const gapMs = 1000 / (callers.length * perSecond);
  for (let next = 0; next < total;) {
    const now = performance.now();
    for (let dueMs = start + next * gapMs; next < total && dueMs <= now; dueMs += gapMs) {
      const caller = callers[next++ % callers.length]!;
      if (caller.dueMs !== 0) {
        late++;
        continue;
      }
      caller.dueMs = dueMs;
      caller.socket.write(frame);
    }
    await sleep(1);
  }
  return late;
}

async function measure(
  command: readonly string[],
  kind: string,
  { connections, callsPerSecond }: Load,
): Promise<Cost> {
  using server = await WatchedServer.start(command, kind);
  const before = await server.memory();
  const callers: Caller[] = [];
  let samples: number[] = [];
  await openMany(connections, async () => {
    const socket = await openPlain(server.port, false, () => {
      samples.push((performance.now() - caller.dueMs) * 1000);
      caller.dueMs = 0;
    });
    const caller: Caller = { socket, dueMs: 0 };
    callers.push(caller);
    return socket;
  });
  await call(callers, callsPerSecond, WARM_UP_SECONDS * 1000);
  samples = [];
  const cpuStart = await server.cpuUs();
  const start = performance.now();
  const late = await call(callers, callsPerSecond, seconds * 1000);
  const wallUs = (performance.now() - start) * 1000;
  const cpuUs = await server.cpuUs() - cpuStart;
  const { rss } = await server.memory();
  for (const { socket } of callers) socket.destroy();
  const sorted = Float64Array.from(samples).sort();
  return {
    cpuPercent: cpuUs / wallUs * 100,
    cpuUs: cpuUs / sorted.length,
    p50Us: percentile(sorted, 0.5),
    p99Us: percentile(sorted, 0.99),
    late,
    rssBytes: (rss - before.rss) / connections,
  };
}

const machine = describeMachine(pin("2"));
console.log(machineLines(machine).join("\n"), "\n");
const kinds = runtimes.flatMap((runtime) => KINDS[runtime] ?? []);
const progress = new Progress(LOADS.length * kinds.length * rounds);
/** A file of the record each, however many run. */
const linesOf = new Map<string, string[][]>();
for (const load of LOADS) {
  for (const runtime of runtimes) {
    const lines = linesOf.get(runtime) ?? [];
    linesOf.set(runtime, lines);
    const command = commandFor(runtime);
    const costs: Record<string, Cost[]> = {};
    for (let round = 0; round < rounds; round++) {
      for (const kind of KINDS[runtime] ?? []) {
        progress.step(`${runtime}, ${kind}, ${load.connections} × ${load.callsPerSecond} a second`);
        (costs[kind] ??= []).push(await measure(command, kind, load));
        await sleep(500);
      }
    }
    for (const [kind, each] of Object.entries(costs)) {
      const middle = (pick: (cost: Cost) => number): string => digits(median(each.map(pick)));
      lines.push([
        `${runtime}, ${kind}, ${load.connections} × ${load.callsPerSecond}`,
        middle(({ cpuPercent }) => cpuPercent),
        middle(({ cpuUs }) => cpuUs),
        middle(({ p50Us }) => p50Us),
        middle(({ p99Us }) => p99Us),
        middle(({ late }) => late),
        middle(({ rssBytes }) => rssBytes),
      ]);
    }
  }
}
progress.end();
for (const [runtime, rows] of linesOf) {
  const table = {
    title: `10,000 calls a second, by many connections, ws, ${runtime}`,
    columns: ["", "CPU %", "µs CPU a call", "p50 µs", "p99 µs", "late", "bytes a connection"],
    rows,
    notes: ["Connections × calls a second of each. CPU: of the server, of one core."],
  };
  console.log(formatTable(table));
  keep(`scale-${runtime}`, {
    machine,
    versions: { runtime: versionOfRuntime(runtime) ?? runtime },
    settings: { seconds, rounds, warmUpSeconds: WARM_UP_SECONDS },
    rows: rowsOfTable(table),
  });
}
removeBuilt();
process.exit(0);
