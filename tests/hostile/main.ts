/**
 * Runs the attacks on each runtime and writes their costs into SECURITY.md, or only shows them: `--show`,
 * with the beginning of some names those: `--show "256 streams"`.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { readFile, writeFile } from "node:fs/promises";
import process from "node:process";
import { ATTACKS } from "./attacks.ts";
import { attack, type Cost, isServed, Target, TARGETS } from "./run.ts";

const FILE = new URL("../../SECURITY.md", import.meta.url);
const BEGIN = "<!-- amplification: written by `deno task hostile` -->\n";
const END = "<!-- end -->";

const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
const ROUNDS = 3;
const cell = (cost: Cost | undefined): string => {
  if (cost === undefined) return "–";
  const { grownBytes, heldBytes, longestBlockMs, slowestCallMs } = cost;
  return `${megabytes(grownBytes)}, ${megabytes(heldBytes)} MiB; ${longestBlockMs.toFixed(0)}, ${
    slowestCallMs.toFixed(0)
  } ms`;
};

/** The median of each number over the rounds. */
function middle(rounds: readonly Cost[]): Cost {
  const names = Object.keys(rounds[0]!) as (keyof Cost)[];
  return Object.fromEntries(names.map((name) => {
    const sorted = rounds.map((round) => round[name]).sort((a, b) => a - b);
    return [name, sorted[sorted.length >> 1]!];
  })) as unknown as Cost;
}

const [, some = ""] = process.argv.slice(process.argv.indexOf("--show"));
const shows = process.argv.includes("--show");
const attacks = ATTACKS.filter(({ name }) => !shows || name.startsWith(some));

const rows: string[][] = [];
const parse: string[] = [];
for (const each of attacks) {
  const costs: (Cost | undefined)[] = [];
  for (const runtime of TARGETS) {
    if (!isServed(runtime, each)) {
      costs.push(undefined);
      continue;
    }
    const rounds: Cost[] = [];
    for (let i = 0; i < ROUNDS; i++) {
      await using target = await Target.start(runtime, each);
      rounds.push(await attack(target, each));
    }
    costs.push(middle(rounds));
  }
  const sent = costs[0]!.sentBytes;
  rows.push([each.name, sent.toLocaleString("en"), ...costs.map(cell)]);
  if (costs.every((cost) => cost !== undefined)) {
    parse.splice(0, parse.length, ...costs.map(({ parseMs }) => `${parseMs.toFixed(0)} ms`));
  }
  console.log(rows.at(-1)!.join(" | "));
}
// Elsewhere than on the machine of the table's figures they are only shown.
if (shows) process.exit();
const lines = [
  [
    "attack",
    "bytes sent",
    ...TARGETS.map((name) => name[0]!.toUpperCase() + name.slice(1)),
  ],
  ["-", "-:", "-", "-", "-"],
  ...rows,
  ["`JSON.parse` of 2 MiB of `{}`", "", ...parse],
].map((cells) => `| ${cells.join(" | ")} |`);
const text = await readFile(FILE, "utf8");
const [before, rest] = text.split(BEGIN);
const after = rest?.slice(rest.indexOf(END));
if (before === undefined || after === undefined) throw new Error("SECURITY.md has no such table");
await writeFile(FILE, `${before}${BEGIN}\n${lines.join("\n")}\n\n${after}`);
