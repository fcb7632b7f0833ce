/**
 * hardlight, compared with other libraries for calls and events over the network, on Deno, Bun and Node:
 * `npm ci` in this folder, then `deno task bench:peers` or `bun bench/peers/rpc.ts`.
 *
 * `--quick`, `--runtime deno,bun,node`, `--only trpc,grpc`, `--rounds 5`, `--cores 1`, `--record`; Centrifugo is found
 * by `CENTRIFUGO=/path/to/centrifugo` or in `PATH`.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import process from "node:process";
import { parseArgs } from "node:util";
import { THIS_RUNTIME } from "../../tests/support/runtimes.ts";
import { describeMachine, machineLines, versionOfRuntime } from "../machine.ts";
import { type Cores, pin } from "../pin.ts";
import { Progress } from "../progress.ts";
import { keep } from "../record.ts";
import { formatTable } from "../table.ts";
import { missingPackages } from "./installed.ts";
import { reasonOf } from "./reason.ts";
import { bundleForNode, Contender, type Runtime } from "./rpc_contender.ts";
import { CALLS_ONLY, FLOODS, rowsOf, takesPart } from "./rpc_rows.ts";
import { type RustTurn, rustTurn } from "./rpc_rust.ts";
import { tablesOf } from "./rpc_report.ts";
import { countBytes } from "./rpc_wire.ts";
import { ENTRIES } from "./rpc/peers.ts";

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    quick: { type: "boolean", default: false },
    record: { type: "boolean", default: false },
    runtime: { type: "string" },
    only: { type: "string" },
    rounds: { type: "string" },
    cores: { type: "string", default: "2" },
  },
});
const { quick } = values;
const rounds = Number(values.rounds ?? (quick ? 3 : 7));
const latencyMs = quick ? 80 : 250;
const floodMs = quick ? 50 : 150;
const connects = quick ? 5 : 15;
const only = values.only?.split(",");
/** Always measured: the floor and hardlight. */
const ALWAYS: readonly string[] = ["raw", "hardlight"];
const runtimes = (values.runtime ?? (quick ? THIS_RUNTIME : "deno,bun,node"))
  .split(",") as Runtime[];
const missing = missingPackages(new URL("./", import.meta.url));
if (missing.length > 0) {
  console.error(
    `npm ci in bench/peers failed, or was not run: ${missing.length} packages are missing, ` +
      `${missing.slice(0, 3).join(", ")} among them`,
  );
  process.exit(1);
}
const machine = describeMachine(pin(values.cores as Cores));

/** Those that are measured on a runtime. */
const entriesOf = (runtime: Runtime) =>
  ENTRIES.filter(({ id, notOn }) =>
    (only === undefined || only.includes(id) || ALWAYS.includes(id)) && !notOn?.includes(runtime)
  );
// Starting, connecting, and round -1, which warms up and is longer.
const progress = new Progress(
  runtimes.reduce((steps, runtime) => steps + entriesOf(runtime).length * (rounds + 4), 0),
);

console.log(`\n${machineLines(machine).join("\n")}\n`);
for (const runtime of runtimes) {
  const version = versionOfRuntime(runtime);
  if (version === undefined || (runtime === "node" && !bundleForNode())) {
    console.log(`skipped: ${runtime} is not installed\n`);
    continue;
  }
  const { contenders, rust, absent } = await run(runtime, version);
  const rows = rowsOf(contenders, rust);
  for (const table of tablesOf(version, rows)) console.log(formatTable(table));
  for (const line of absent) console.log(line);
  keep(`peers-${runtime}`, {
    machine,
    versions: { runtime: version },
    settings: { rounds, latencyMs, floodMs, connects, absent: absent.join("; ") },
    rows,
  });
}
process.exit(0);

interface Run {
  readonly contenders: readonly Contender[];
  readonly rust: readonly RustTurn[];
  /** Contenders that do not run here, and why. */
  readonly absent: readonly string[];
}

async function run(runtime: Runtime, version: string): Promise<Run> {
  const contenders: Contender[] = [];
  const rust: RustTurn[] = [];
  const absent: string[] = [];
  for (const entry of entriesOf(runtime)) {
    progress.step(`${version}: starting ${entry.name}`);
    let contender: Contender | undefined;
    try {
      contender = await Contender.start(entry, runtime);
      await contender.gather();
      contenders.push(contender);
    } catch (error) {
      await contender?.end();
      absent.push(`${entry.name} does not run on ${version}: ${reasonOf(error)}`);
    }
  }
  try {
    const withRust = only === undefined || only.includes("rust");
    for (let round = -1; round < rounds; round++) {
      for (let i = 0; i < contenders.length; i++) {
        const contender = contenders[(i + round + contenders.length) % contenders.length];
        if (contender === undefined) continue;
        const what = round < 0 ? "warming up" : `round ${round + 1} of ${rounds}`;
        progress.step(`${version}: ${what}: ${contender.name}`, round < 0 ? 2 : 1);
        await turn(contender, round >= 0);
      }
      const turned = withRust && round >= 0 ? await rustTurn() : undefined;
      if (turned !== undefined) rust.push(turned);
    }
    for (const contender of contenders) {
      progress.step(`${version}: connecting, counting bytes: ${contender.name}`);
      if (!contender.abilities.includes("add")) continue;
      try {
        await countBytes(contender);
        await contender.connect(connects);
      } catch (error) {
        absent.push(`${contender.name} on ${version}, connecting: ${reasonOf(error)}`);
      }
    }
  } finally {
    await Promise.all(contenders.map((contender) => contender.end()));
    progress.end();
  }
  return { contenders, rust, absent };
}

async function turn(contender: Contender, counts: boolean): Promise<void> {
  const factor = counts ? 1 : 2;
  if (contender.abilities.includes("add")) {
    const latency = await contender.latencyTurn("latency", latencyMs * factor);
    if (counts) contender.latency.push(latency);
  }
  for (const flood of FLOODS) {
    if (!takesPart(contender, flood)) continue;
    const turned = await contender.floodTurn(flood.ask(floodMs * factor));
    if (!counts) continue;
    const turns = contender.floods.get(flood.name);
    if (turns === undefined) contender.floods.set(flood.name, [turned]);
    else turns.push(turned);
  }
  if (!contender.abilities.includes("events") || CALLS_ONLY.includes(contender.id)) return;
  const event = await contender.latencyTurn("event", floodMs * factor);
  if (counts) contender.events.push(event);
}
