/**
 * hardlight's calls beside other ways to call over the network, on Deno, Bun and Node in one run:
 * `npm install` in this folder, then `deno task bench:peers` or `bun bench/peers/rpc.ts`.
 *
 * `--quick` (the running runtime only), `--runtime deno,bun,node`, `--only trpc,grpc`, `--rounds 5`,
 * `--cores 1`.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { mkdir, writeFile } from "node:fs/promises";
import process from "node:process";
import { parseArgs } from "node:util";
import { THIS_RUNTIME } from "../../tests/support/runtimes.ts";
import { describeMachine, machineLines } from "../machine.ts";
import { type Cores, pin } from "../pin.ts";
import { progress } from "../rounds.ts";
import { formatTable, type Table } from "../table.ts";
import { chartsOf } from "./rpc_charts.ts";
import { bundleForNode, Contender, type Runtime, versionOfRuntime } from "./rpc_contender.ts";
import { DEPTHS, summarize, type Summary, tablesOf } from "./rpc_report.ts";
import { type RustTurn, rustTurn } from "./rpc_rust.ts";
import { countBytes } from "./rpc_wire.ts";
import { ENTRIES } from "./rpc/peers.ts";

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    quick: { type: "boolean", default: false },
    runtime: { type: "string" },
    only: { type: "string" },
    rounds: { type: "string" },
    cores: { type: "string", default: "2" },
  },
});
const quick = values.quick;
const rounds = Number(values.rounds ?? (quick ? 3 : 7));
const latencyMs = quick ? 50 : 250;
const floodMs = quick ? 30 : 150;
const connects = quick ? 5 : 15;
const only = values.only?.split(",");
const runtimes = (values.runtime ?? (quick ? THIS_RUNTIME : "deno,bun,node"))
  .split(",") as Runtime[];

const RESULTS = new URL("../results/", import.meta.url);
const machine = describeMachine(pin(values.cores as Cores));
const tables: Table[] = [];
const all: Record<string, readonly Summary[]> = {};
const files = new Map<string, string>();

console.log(`\n${machineLines(machine).join("\n")}\n`);
for (const runtime of runtimes) {
  const version = versionOfRuntime(runtime);
  if (version === undefined || (runtime === "node" && !bundleForNode())) {
    console.log(`skipped: ${runtime} is not installed\n`);
    continue;
  }
  const { contenders, rust, absent } = await run(runtime, version);
  const summaries = summarize(contenders, rust);
  all[version] = summaries;
  for (const table of tablesOf(version, summaries, absent)) {
    console.log(formatTable(table));
    tables.push(table);
  }
  for (const [name, chart] of chartsOf(version, contenders, summaries)) {
    files.set(`peers-${runtime}-${name}.svg`, chart);
  }
}
files.set(
  "peers.md",
  [...machineLines(machine), "", ...tables.map(formatTable)].join("\n"),
);
files.set(
  `peers-${machine.date.replace(/[^0-9T]/g, "")}.json`,
  JSON.stringify({ machine, rounds, latencyMs, floodMs, summaries: all }, null, 2),
);
await mkdir(RESULTS, { recursive: true });
for (const [name, text] of files) await writeFile(new URL(name, RESULTS), text);
console.log(`Written to bench/results/: ${[...files.keys()].join(", ")}`);
process.exit(0);

interface Run {
  readonly contenders: readonly Contender[];
  readonly rust: readonly RustTurn[];
  /** Who does not run here, and why. */
  readonly absent: readonly string[];
}

async function run(runtime: Runtime, version: string): Promise<Run> {
  const contenders: Contender[] = [];
  const rust: RustTurn[] = [];
  const absent: string[] = [];
  for (const entry of ENTRIES) {
    const wanted = only === undefined || only.includes(entry.id) || entry.id === "hardlight";
    if (!wanted || entry.notOn?.includes(runtime)) continue;
    progress(`${version}: starting ${entry.name}`);
    try {
      contenders.push(await Contender.start(entry, runtime));
    } catch (error) {
      absent.push(`${entry.name} does not run on ${version}: ${firstLine(error)}`);
    }
  }
  try {
    const withRust = only === undefined || only.includes("rust");
    // Round -1 warms up.
    for (let round = -1; round < rounds; round++) {
      progress(`${version}: ${round < 0 ? "warming up" : `round ${round + 1} of ${rounds}`}`);
      for (let i = 0; i < contenders.length; i++) {
        const contender = contenders[(i + round + contenders.length) % contenders.length];
        if (contender !== undefined) await turn(contender, round >= 0);
      }
      const turned = withRust && round >= 0 ? await rustTurn() : undefined;
      if (turned !== undefined) rust.push(turned);
    }
    for (const contender of contenders) {
      progress(`${version}: connecting, counting bytes: ${contender.name}`);
      try {
        await countBytes(contender);
        await contender.connect(connects);
      } catch (error) {
        absent.push(`${contender.name} on ${version}, connecting: ${firstLine(error)}`);
      }
    }
  } finally {
    for (const contender of contenders) contender.end();
    progress("");
  }
  return { contenders, rust, absent };
}

async function turn(contender: Contender, counts: boolean): Promise<void> {
  const latency = await contender.latencyTurn(counts ? latencyMs : latencyMs * 2);
  if (counts) contender.latency.push(latency);
  for (const [i, depth] of DEPTHS.entries()) {
    const flood = await contender.floodTurn(depth, counts ? floodMs : floodMs * 2);
    if (counts) (contender.floods[i] ??= []).push(flood);
  }
}

function firstLine(error: unknown): string {
  const lines = String(error).split("\n").map((line) => line.trim());
  return lines.find((line) => /error/i.test(line) && line.length > 12) ?? lines[0] ?? "";
}
