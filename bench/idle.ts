/**
 * Memory of an idle connection on a server, compared with the runtime's own WebSocket server:
 * `deno run -A bench/idle.ts [--connections 10000] [--rounds 3] [--runtimes deno,bun,node] [--tls] [--x1] [--record]`.
 *
 * The connections are plain sockets of this process with a handwritten handshake, so that they cost it
 * little. Both servers have a turn in each round, each in its own process.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import process from "node:process";
import { ALIAS, EXTENDED } from "../wire/handshake.ts";
import { describeMachine, machineLines } from "./machine.ts";
import { type Cost, measureIdle } from "./idle_memory.ts";
import { removeBuilt } from "./on_node.ts";
import { Progress } from "./progress.ts";
import { keep, rowsOfTable } from "./record.ts";
import { digits, median, times } from "./statistics.ts";
import { formatTable } from "./table.ts";
import { commandFor } from "./watched_server.ts";

const args = process.argv.slice(2);
const option = (name: string, fallback: string): string => {
  const at = args.indexOf(`--${name}`);
  return at === -1 ? fallback : args[at + 1] ?? fallback;
};
const connections = Number(option("connections", "10000"));
const rounds = Number(option("rounds", "3"));
const runtimes = option("runtimes", "deno,bun,node").split(",");
const secure = args.includes("--tls");
/** With the extension that clients of this module offer. */
const protocols = args.includes("--x1") ? `${ALIAS}, ${EXTENDED}` : ALIAS;
const how = { connections, secure, protocols };

/** Kinds of servers other than `raw` and `hardlight`. */
const FURTHER: Readonly<Record<string, readonly string[]>> = {
  deno: ["mounted"],
  // Without it Bun's raw server has no JavaScript object but the socket.
  bun: ["raw with data"],
};

const machine = describeMachine("free");
console.log(machineLines(machine)[0], "\n");
const kindsOf = (runtime: string): string[] => ["raw", ...(FURTHER[runtime] ?? []), "hardlight"];
const progress = new Progress(runtimes.flatMap(kindsOf).length * rounds);
const rows: string[][] = [];
for (const runtime of runtimes) {
  const command = commandFor(runtime);
  const kinds = kindsOf(runtime);
  const costs: Record<string, Cost[]> = {};
  for (let round = 0; round < rounds; round++) {
    for (const kind of kinds) {
      progress.step(`${runtime}, ${kind}, round ${round + 1} of ${rounds}`);
      (costs[kind] ??= []).push(await measureIdle(command, kind, how));
    }
  }
  progress.end();
  for (const kind of kinds) {
    const middle = (pick: (cost: Cost) => number): number => median((costs[kind] ?? []).map(pick));
    const ratio = (pick: (cost: Cost) => number): number =>
      median(
        (costs[kind] ?? []).map((cost, i) => pick(cost) / pick((costs["raw"] ?? [])[i] ?? cost)),
      );
    rows.push([
      `${runtime}, ${kind}`,
      digits(middle(({ opened }) => opened.rss)),
      times(ratio(({ opened }) => opened.rss)),
      digits(middle(({ called }) => called.rss)),
      times(ratio(({ called }) => called.rss)),
      digits(middle(({ called }) => called.heapUsed)),
      digits(middle(({ called }) => called.external)),
    ]);
  }
}
const table = {
  title: `Bytes of a server's memory for each of ${connections} idle connections, ${
    secure ? "wss" : "ws"
  }`,
  columns: ["", "opened", "÷ raw", "after a call", "÷ raw", "heap", "external"],
  rows,
  notes: [
    "Resident memory; heap and external memory after a collection and after a call. Goal: 1.3×.",
  ],
};
console.log(formatTable(table));
keep(secure ? "idle-tls" : "idle", {
  machine,
  versions: { runtimes: runtimes.join(", ") },
  settings: { connections, rounds },
  rows: rowsOfTable(table),
});
removeBuilt();
process.exit(0);
