/**
 * The record: the results of a benchmark, with machine and versions. Every run writes its JSON to `results/`, which
 * git ignores; with `--record` also to `record/`, which git tracks. `report.ts` makes the figures of the documents
 * from it.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import type { Machine } from "./machine.ts";
import type { Table } from "./table.ts";

/** A line of figures, each with its unit in its name; `null` where there is none. */
export type Row = Readonly<Record<string, string | number | null>>;

/** One run of one benchmark. */
export interface Run {
  /** The command line. */
  readonly command: string;
  readonly machine: Machine;
  /** Name and version of the contenders. */
  readonly versions: Readonly<Record<string, string>>;
  /** Rounds, and how long a turn was. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
  readonly rows: readonly Row[];
}

/** A bundle for Node may lie in `peers/`, where its packages are. */
const HERE = new URL(import.meta.url.includes("/peers/") ? "../" : "./", import.meta.url);
const RESULTS = new URL("results/", HERE);
const RECORD = new URL("record/", HERE);

/** A run as its file has it: three or four digits of each figure, a row on a line. */
export function textOf({ rows, ...head }: Run): string {
  const shorten = (_: string, value: unknown): unknown => {
    if (typeof value !== "number" || Number.isInteger(value)) return value;
    return Number.isFinite(value) ? Number(value.toPrecision(4)) : null;
  };
  const lines = rows.map((row) => `    ${JSON.stringify(row, shorten)}`);
  const text = JSON.stringify(head, null, 2).replace(/\n\}$/, "");
  return `${text},\n  "rows": [\n${lines.join(",\n")}\n  ]\n}\n`;
}

/** The runtimes, in the order of all figures. */
export const RUNTIMES = ["deno", "bun", "node"] as const;
const each = (name: string): readonly string[] => RUNTIMES.map((runtime) => `${name}-${runtime}`);

/** The names of all runs that the record may have: those that `report.ts` reads. */
export const NAMES: ReadonlySet<string> = new Set([
  ...["codec", "latency", "levels", "one-call", "parallel", "peers", "scale", "streams"]
    .flatMap(each),
  ...["all-deno", "all-bun", "all-deno-cores-1", "all-bun-cores-1"],
  ...["deno-serve", "idle", "streams-page"],
]);

/** Where a run of the record is. */
function recordFile(name: string): URL {
  if (NAMES.has(name)) return new URL(`${name}.json`, RECORD);
  throw new RangeError(`No figure is made of a run ${name}, only of ${[...NAMES].join(", ")}`);
}

/**
 * Keep a run under a name such as `peers-deno`. Default of its command: that of this process.
 *
 * @throws {RangeError} With `--record`, if no figure is made of it; it is in `results/` then.
 */
export function keep(
  name: string,
  run: Omit<Run, "command"> & Partial<Pick<Run, "command">>,
): void {
  const args = process.argv.slice(2);
  const script = process.argv[1]?.replace(/.*\/bench\//, "bench/");
  const runtime = "Bun" in globalThis ? "bun" : "Deno" in globalThis ? "deno run -A" : "node";
  const text = textOf({
    command: [runtime, script, ...args.filter((arg) => arg !== "--record")].join(" "),
    ...run,
  });
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(new URL(`${name}.json`, RESULTS), text);
  console.log(`Written to bench/results/${name}.json`);
  if (args.includes("--record")) writeFileSync(recordFile(name), text);
}

/** A table's figures, each under the heading of its column. */
export function rowsOfTable({ title, columns, rows }: Table): Row[] {
  return rows.map((cells) => {
    const row: Record<string, string | number | null> = { table: title, name: cells[0] ?? "" };
    cells.slice(1).forEach((cell, i) => {
      const column = columns[i + 1] ?? "";
      // A ratio's heading follows the heading of its figure.
      const name = column in row ? `${columns[i]}, ${column}` : column;
      const value = Number(cell.replaceAll(",", "").replace("×", ""));
      row[name] = cell === "" || cell === "–" ? null : Number.isNaN(value) ? cell : value;
    });
    return row;
  });
}

/** A run of the record; undefined where there is none. */
export function recorded(name: string): Run | undefined {
  return kept(recordFile(name));
}

/** The last run on this machine; undefined where there is none. */
export function lastRun(name: string): Run | undefined {
  return kept(new URL(`${name}.json`, RESULTS));
}

function kept(file: URL): Run | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Run;
  } catch (error) {
    if ((error as { code?: unknown }).code === "ENOENT") return undefined;
    throw error;
  }
}
