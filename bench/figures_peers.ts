/**
 * Figures of `bench/peers`: tables and charts from the record, the three runtimes side by side.
 *
 * @module
 */
import { barChart, type Bars } from "./charts.ts";
import { aheadList } from "./figures_ahead.ts";
import { oneCallSentence } from "./figures_one_call.ts";
import { nameOf } from "./peers/rpc_report.ts";
import { recorded, type Row, type Run, RUNTIMES } from "./record.ts";
import { digits, thousands, times } from "./statistics.ts";
import { formatRows } from "./table.ts";

const TITLES = ["Deno", "Bun", "Node"];

/** One contender on all runtimes. */
interface Line {
  readonly name: string;
  readonly id: string;
  readonly rows: readonly (Row | undefined)[];
}

const runs = (): readonly (Run | undefined)[] =>
  RUNTIMES.map((runtime) => recorded(`peers-${runtime}`));

function linesOf(all: readonly (Run | undefined)[]): Line[] {
  const lines = new Map<string, Row>();
  for (const run of all) {
    for (const row of run?.rows ?? []) {
      if (!lines.has(`${row["id"]}`)) lines.set(`${row["id"]}`, row);
    }
  }
  return [...lines].map(([id, row]) => ({
    id,
    name: nameOf(row),
    rows: all.map((run) => run?.rows.find((each) => each["id"] === id)),
  }));
}

type Write = (value: number) => string;

function cell(row: Row | undefined, of: string, write: Write): string {
  const value = row?.[of];
  return typeof value === "number" ? write(value) : "–";
}

/** A cell for all runtimes: `1.06 · 1.25 · 1.03`. */
function together({ rows }: Line, of: string, write: Write): string {
  const cells = rows.map((row) => cell(row, of, write));
  return cells.every((text) => text === "–") ? "–" : cells.join(" · ");
}

const twoDigits: Write = (value) => value >= 9.95 ? value.toFixed(0) : value.toFixed(2);
const oneDigit: Write = (value) => value >= 9.95 ? value.toFixed(0) : value.toFixed(1);

const hasSome = (fields: readonly string[]) => ({ rows }: Line): boolean =>
  rows.some((row) => fields.some((of) => typeof row?.[of] === "number"));

/** The short table of the README: multiples of the raw echo's, Deno · Bun · Node. */
function shortTable(lines: readonly Line[]): string {
  const columns: readonly (readonly [title: string, of: string, write: Write])[] = [
    ["one call: time", "p50X", twoDigits],
    ["256 in flight: rate", "add256X", twoDigits],
    ["4 KiB of noise: rate", "echo16X", twoDigits],
    ["events to 100: rate", "fanOutX", twoDigits],
    ["one event to 100: time", "eventX", oneDigit],
  ];
  return formatRows(
    ["÷ raw, Deno · Bun · Node", ...columns.map(([title]) => title)],
    lines.filter(({ id }) => id !== "raw-own").map((line) => [
      line.name,
      ...columns.map(([, of, write]) => together(line, of, write)),
    ]),
  );
}

/** A table of some figures, each with its multiple of the raw echo's, for each runtime. */
function longTable(
  lines: readonly Line[],
  fields: readonly (readonly [title: string, of: string, ratio: string])[],
): string {
  return formatRows(
    [
      "",
      ...TITLES.flatMap((title) => fields.flatMap(([name]) => [`${title}: ${name}`, "÷ raw"])),
    ],
    lines.filter(hasSome(fields.map(([, of]) => of))).map(({ name, rows }) => [
      name,
      ...rows.flatMap((row) =>
        fields.flatMap(([, of, to]) => [cell(row, of, digits), cell(row, to, times)])
      ),
    ]),
  );
}

function bytesTable(lines: readonly Line[]): string {
  return formatRows(
    ["", "bytes up", "down", ...TITLES.map((title) => `${title}: connect + call, ms`)],
    lines.filter(hasSome(["bytesUp"])).map(({ name, rows }) => {
      const first = rows.find((row) => typeof row?.["bytesUp"] === "number");
      return [
        name,
        cell(first, "bytesUp", (value) => `${value}`),
        cell(first, "bytesDown", (value) => `${value}`),
        ...rows.map((row) => cell(row, "connectMs", digits)),
      ];
    }),
  );
}

/** Which contenders are missing, and why. */
function absentList(all: readonly (Run | undefined)[]): string {
  const lines = all.flatMap((run) => {
    const absent = run?.settings["absent"];
    return typeof absent === "string" && absent !== "" ? absent.split("; ") : [];
  });
  return lines.length === 0 ? "None." : `${lines.join("; ")}.`;
}

/** When, where and how the runs were. */
export function conditions(all: readonly (Run | undefined)[]): string {
  const there = all.filter((run) => run !== undefined);
  const [first] = there;
  if (first === undefined) return "Nothing is recorded.";
  const versions = there.map(({ versions }) => Object.values(versions)[0]).join(", ");
  const settings = Object.entries(first.settings)
    .filter(([name, value]) => name !== "absent" && value !== false)
    .map(([name, value]) => value === true ? name : `${name} ${value}`).join(", ");
  const loads = there.map(({ machine }) => machine.load.toFixed(1)).join(", ");
  const commits = [...new Set(there.map(({ machine }) => machine.commit))].join(", ");
  const { date, cpu, cores, system } = first.machine;
  return [
    [...new Set(versions.split(", "))].join(", "),
    `${cpu}, ${cores} cores, ${system}`,
    `${date.slice(0, 10)}, commit ${commits}`,
    ...(settings === "" ? [] : [settings]),
    `load before it ${loads}.`,
  ].join("; ");
}

/** The summary for the documents, in a sentence or two. */
function headline(lines: readonly Line[]): string {
  const ours = lines.find(({ id }) => id === "hardlight");
  const each = (of: string, write: Write): string => {
    const [deno, bun, node] = ours?.rows.map((row) => cell(row, of, write)) ?? [];
    return `${deno} (Deno), ${bun} (Bun) and ${node} (Node)`;
  };
  return `${oneCallSentence()} With 256 in flight one connection makes ${
    each("add256", thousands)
  } calls a second, ${
    each("add256X", (value) => value.toFixed(1))
  } times as many as the raw echo. Client and server are on one machine, over loopback.`;
}

/** Blocks by name. */
export function peerBlocks(): Map<string, string> {
  const all = runs();
  const lines = linesOf(all);
  return new Map([
    ["headline", headline(lines)],
    ["peers", shortTable(lines)],
    ["peers-conditions", conditions(all)],
    ["peers-calls", longTable(lines, [["p50 µs", "p50Us", "p50X"]])],
    ["peers-floods", longTable(lines, [["16", "add16", "add16X"], ["256", "add256", "add256X"]])],
    [
      "peers-payloads",
      longTable(lines, [["noise", "echo16", "echo16X"], ["JSON", "say16", "say16X"]]),
    ],
    [
      "peers-events",
      longTable(lines, [
        ["deliveries/s", "fanOut", "fanOutX"],
        ["server µs", "fanOutServerUs", "fanOutServerX"],
        ["one event µs", "eventUs", "eventX"],
      ]),
    ],
    [
      "peers-shapes",
      longTable(lines, [["64 × 40", "add64x40", "add64x40X"], [
        "10 × 1",
        "hello10x1",
        "hello10x1X",
      ]]),
    ],
    ["peers-bytes", bytesTable(lines)],
    ["peers-ahead", aheadList()],
    ["peers-absent", absentList(all)],
  ]);
}

function bars(lines: readonly Line[], of: string, best: "most" | "least"): Bars[] {
  const sign = best === "most" ? -1 : 1;
  return lines.filter(hasSome([of])).map(({ name, rows }) => ({
    name: name.replaceAll("**", ""),
    values: rows.map((row) => {
      const value = row?.[of];
      return typeof value === "number" ? value : NaN;
    }),
  })).toSorted((a, b) => sign * ((a.values[1] ?? 0) - (b.values[1] ?? 0)));
}

/** Charts by the name of their file in `docs/images/`. */
export function peerCharts(): Map<string, string> {
  const lines = linesOf(runs());
  // Bars for tRPC's milliseconds would make the other bars invisible.
  const quick = lines.filter(({ rows }) => rows.every((row) => Number(row?.["p50Us"] ?? 0) < 400));
  return new Map([
    [
      "latency.svg",
      barChart(
        "One call after the other: median in µs, less is better (those below 400 µs)",
        TITLES,
        bars(quick, "p50Us", "least"),
      ),
    ],
    [
      "throughput.svg",
      barChart(
        "Calls per second on one connection, 256 in flight",
        TITLES,
        bars(lines.filter(({ id }) => id !== "raw-own"), "add256", "most"),
      ),
    ],
    [
      "payloads.svg",
      barChart(
        "4 KiB of random bytes there and back, 16 in flight: calls per second",
        TITLES,
        bars(lines, "echo16", "most"),
      ),
    ],
    [
      "events.svg",
      barChart(
        "Events to 100 connections, emitted in 16 handlers at once: deliveries per second",
        TITLES,
        bars(lines, "fanOut", "most"),
      ),
    ],
  ]);
}
