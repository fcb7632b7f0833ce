/**
 * Latency and throughput of hardlight and of raw WebSockets: see `bench/README.md`.
 *
 * Run: `deno task bench:all` or `bun run bench:all`, with `--quick`, `--rounds 5`, `--only rpc,codec`, `--cores 1`.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { mkdir, writeFile } from "node:fs/promises";
import process from "node:process";
import { runAncestry } from "./ancestry.ts";
import { runBytes } from "./bytes.ts";
import { runClients } from "./clients.ts";
import { runConnect } from "./connect.ts";
import { runFanOut } from "./fan_out.ts";
import { describeMachine, machineLines } from "./machine.ts";
import { expectedSeconds, readOptions, type Suite } from "./options.ts";
import { runPayload } from "./payload.ts";
import { picturesOf } from "./pictures.ts";
import { pin } from "./pin.ts";
import { Plan, progress } from "./progress.ts";
import { keep, rowsOfTable } from "./record.ts";
import { runRpc, SCHEMES } from "./rpc.ts";
import { rpcTables, summarize, targetTable } from "./rpc_report.ts";
import { runStartup } from "./startup.ts";
import { formatTable, type Table } from "./table.ts";

const RESULTS = new URL("results/", import.meta.url);

const options = readOptions();
const machine = describeMachine(pin(options.cores));
const { rounds, latencyMs, floodMs, connects, quick } = options;
const runtime = machine.runtime.startsWith("Bun") ? "bun" : "deno";
/** Runs on other cores than usual write separate files. */
const suffix = machine.pinned === "2" ? "" : `-cores-${machine.pinned}`;
const tables: Table[] = [];
const files = new Map<string, string>();

const plan = new Plan(expectedSeconds(options));
const wanted = (suite: Suite): boolean => {
  if (!options.only.includes(suite)) return false;
  plan.begin(suite);
  return true;
};
const show = (table: Table): void => {
  progress("");
  console.log(formatTable(table));
  tables.push(table);
};

console.log(`\n${machineLines(machine).join("\n")}\n`);
if (wanted("rpc")) {
  const results = await runRpc(options);
  const summaries = summarize(results);
  for (const table of rpcTables(summaries)) show(table);
  show(targetTable(summaries));
  for (const scheme of SCHEMES) {
    const pictures = picturesOf(results.filter((result) => result.scheme === scheme));
    for (const [name, draw] of pictures) {
      files.set(`${runtime}-${scheme}-${name}${suffix}.svg`, draw(`${machine.runtime}, ${scheme}`));
    }
  }
}
if (wanted("clients")) show(await runClients(options));
if (wanted("connect")) show(await runConnect(options));
if (wanted("startup")) show(await runStartup(options));
if (wanted("bytes")) show(await runBytes());
if (wanted("payload")) show(await runPayload(options));
if (wanted("fan-out")) show(await runFanOut(options));
if (wanted("codec")) {
  progress("codec");
  // Only on request: it alone needs a package.
  show(await (await import("./codec.ts")).runCodec());
  show(runAncestry());
}

const markdown = [
  `# ${machine.runtime}`,
  "",
  ...machineLines(machine),
  "",
  ...tables.map(formatTable),
].join("\n");
files.set("latest.md", markdown);
files.set(`latest-${runtime}${suffix}.md`, markdown);
await mkdir(RESULTS, { recursive: true });
for (const [name, text] of files) await writeFile(new URL(name, RESULTS), text);
keep(`all-${runtime}${suffix}`, {
  machine,
  versions: { runtime: machine.runtime },
  settings: { rounds, latencyMs, floodMs, connects, quick },
  rows: tables.flatMap(rowsOfTable),
});
console.log(`Written to bench/results/: ${[...files.keys()].join(", ")}`);
process.exit(0);
