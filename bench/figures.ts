/**
 * All figures of the documents, from the record: blocks of Markdown and charts.
 *
 * @module
 */
import { denoServeBlocks } from "./figures_deno_serve.ts";
import { oneCallTable } from "./figures_one_call.ts";
import { conditions, peerBlocks, peerCharts } from "./figures_peers.ts";
import { number, plainTable, runsOf } from "./figures_rows.ts";
import { streamBlocks } from "./figures_streams.ts";
import { levelChart, type LevelPoint } from "./level_chart.ts";
import { recorded, type Row, type Run, RUNTIMES } from "./record.ts";
import { digits, times } from "./statistics.ts";
import { formatRows } from "./table.ts";

const percent = (share: number): string =>
  Number.isFinite(share) ? `${(share * 100).toFixed(0)} %` : "–";

/** Megabits a second below which the saved bytes outweigh the time, both ends together. */
function paysBelow(row: Row, level: "packed" | "most"): string {
  const savedBits = (1 - number(row, `${level}Share`)) * number(row, "bytes") * 8 * 2;
  const us = number(row, `${level}Us`);
  if (!(savedBits > 0)) return "–";
  return us <= 0 ? "any" : `${digits(savedBits / us)}`;
}

function levelsTable(): string {
  const runs = runsOf("levels");
  const first = runs.find((run) => run !== undefined);
  return formatRows(
    [
      "payload",
      "sent",
      "level 9",
      ...["Deno", "Bun", "Node"].flatMap((name) => [`${name}: rate`, "pays below, Mbit/s"]),
      "level 9, Bun: rate",
      "pays below",
    ],
    (first?.rows ?? []).map((row) => {
      const same = (run: Run | undefined): Row | undefined =>
        run?.rows.find((each) => each["kind"] === row["kind"] && each["bytes"] === row["bytes"]);
      const bun = same(runs[1]);
      return [
        `${row["kind"]}, ${row["bytes"]} B`,
        percent(number(row, "packedShare")),
        percent(number(row, "mostShare")),
        ...runs.flatMap((run) => {
          const each = same(run);
          return [
            times(number(each, "packedX")),
            each === undefined ? "–" : paysBelow(each, "packed"),
          ];
        }),
        times(number(bun, "mostX")),
        bun === undefined ? "–" : paysBelow(bun, "most"),
      ];
    }),
  );
}

function latencyTable(): string {
  const runs = runsOf("latency");
  const first = runs.find((run) => run !== undefined);
  const floor = (run: Run | undefined, scheme: string): number =>
    number(run?.rows.find(({ name }) => `${name}`.startsWith(`${scheme}: a raw`)), "p50Us");
  return formatRows(
    ["µs", "Deno p50", "÷ raw", "p99", "Bun p50", "÷ raw", "p99"],
    (first?.rows ?? []).map(({ name }) => {
      const [scheme = ""] = `${name}`.split(":");
      return [
        `${name}`,
        ...runs.slice(0, 2).flatMap((run) => {
          const row = run?.rows.find((each) => each["name"] === name);
          const p50 = number(row, "p50Us");
          return [digits(p50), times(p50 / floor(run, scheme)), digits(number(row, "p99Us"))];
        }),
      ];
    }),
  );
}

/** Round trips and calls in flight with both ends on one core. */
function oneCoreTable(): string {
  const runs = RUNTIMES.slice(0, 2).map((runtime) => recorded(`all-${runtime}-cores-1`));
  const row = (run: Run | undefined, table: string, name: unknown): Row | undefined =>
    run?.rows.find((each) => each["table"] === table && each["name"] === name);
  const names = runs[0]?.rows.filter(({ table }) => table === "Calls in flight, ws") ?? [];
  return formatRows(
    [
      "",
      ...["Deno", "Bun"].flatMap((name) => [
        `${name}: p50 µs`,
        "÷ own",
        "CPU ÷ own",
        "256 in flight/s",
        "÷ built-in",
      ]),
    ],
    names.map(({ name }) => [
      `${name}`,
      ...runs.flatMap((run) => {
        const one = row(run, "One call after the other, ws", name);
        const many = row(run, "Calls in flight, ws", name);
        return [
          digits(number(one, "p50")),
          times(number(one, "÷ own")),
          times(number(one, "CPU ÷ own")),
          digits(number(many, "256")),
          times(number(many, "256 ÷ built-in")),
        ];
      }),
    ]),
  );
}

/** A table for each thing that codecs do: nanoseconds, and the ratio to the first. */
function codecTables(): string {
  const runs = runsOf("codec");
  const rows = runs.find((run) => run !== undefined)?.rows ?? [];
  return [...new Set(rows.map(({ row }) => `${row}`))].map((title) => {
    const names = rows.filter(({ row }) => row === title).map(({ name }) => `${name}`);
    const lines = names.map((name) => [
      name,
      ...runs.map((run) => {
        const found = run?.rows.find((each) => each["row"] === title && each["name"] === name);
        if (found === undefined) return "–";
        return `${digits(number(found, "ns"))} (${number(found, "ratio").toFixed(2)})`;
      }),
    ]);
    return `#### ${title}\n\n${formatRows(["", "Deno", "Bun", "Node"], lines)}`;
  }).join("\n\n");
}

/** The part of a core that a plan may count on. */
const PLANNED = 0.6;

/** Calls per core and connections per gibibyte, from the costs in the scale benchmark. */
function sizingTable(): string {
  const rows = runsOf("scale").flatMap((run) => run?.rows ?? []);
  const rounded = (value: number): string =>
    Number.isFinite(value) ? Number(value.toPrecision(2)).toLocaleString("en-US") : "–";
  return formatRows(
    ["", "calls a second a core", "connections a GiB"],
    rows.filter(({ name }) => `${name}`.endsWith("10000 × 1")).map((row) => [
      `${row["name"]}`.replace(", 10000 × 1", ""),
      rounded(PLANNED * 1e6 / number(row, "µs CPU a call")),
      rounded(2 ** 30 / number(row, "bytes a connection")),
    ]),
  );
}

/** The part of a core that the connections with a call a second take. */
function scaleSentence(): string {
  const [deno, bun, node] = runsOf("scale").map((run) =>
    percent(
      number(run?.rows.find(({ name }) => `${name}`.endsWith("hardlight, 10000 × 1")), "CPU %") /
        100,
    )
  );
  return "So on this machine 10,000 connections with a call a second each take " +
    `${deno} of a core on Deno, ${bun} on Bun and ${node} on Node.`;
}

/** Blocks of Markdown, by the name in their marker. */
export function blocks(): ReadonlyMap<string, string> {
  return new Map([
    ...peerBlocks(),
    ["one-call", oneCallTable()],
    ["one-call-conditions", conditions(runsOf("one-call"))],
    ["levels", levelsTable()],
    ["levels-conditions", conditions(runsOf("levels"))],
    ["latency", latencyTable()],
    ["latency-conditions", conditions(runsOf("latency"))],
    ["one-core", oneCoreTable()],
    [
      "one-core-conditions",
      conditions([recorded("all-deno-cores-1"), recorded("all-bun-cores-1")]),
    ],
    ["codec", codecTables()],
    ["codec-conditions", conditions(runsOf("codec"))],
    ...streamBlocks(),
    ...denoServeBlocks(),
    ["idle", plainTable([recorded("idle")])],
    ["idle-conditions", conditions([recorded("idle")])],
    ["fan-out-deno", plainTable([recorded("all-deno")], "Fan-out")],
    ["fan-out-bun", plainTable([recorded("all-bun")], "Fan-out")],
    ["fan-out-conditions", conditions([recorded("all-deno"), recorded("all-bun")])],
    ["scale", plainTable(runsOf("scale"))],
    ["scale-core", scaleSentence()],
    ["scale-conditions", conditions(runsOf("scale"))],
    ["parallel", plainTable(runsOf("parallel"))],
    ["parallel-conditions", conditions(runsOf("parallel").slice(0, 2))],
    ["sizing", sizingTable()],
  ]);
}

/** Charts, by the name of their file in `docs/images/`. */
export function charts(): ReadonlyMap<string, string> {
  const points = (recorded("levels-bun")?.rows ?? []).flatMap((row): LevelPoint[] =>
    (["packed", "most"] as const).map((level) => ({
      kind: `${row["kind"]}`,
      bytes: number(row, "bytes"),
      isMost: level === "most",
      us: number(row, `${level}Us`),
      saved: 1 - number(row, `${level}Share`),
    }))
  );
  return new Map([...peerCharts(), ["levels.svg", levelChart(points)]]);
}
