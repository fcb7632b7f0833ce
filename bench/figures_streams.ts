/**
 * Figures of `streams.ts` and `streams_page.ts`.
 *
 * @module
 */
import { conditions } from "./figures_peers.ts";
import { number, plainTable, runsOf } from "./figures_rows.ts";
import { recorded, type Row, type Run } from "./record.ts";
import { digits, times } from "./statistics.ts";
import { formatRows } from "./table.ts";

/** In the title of a table. */
const OTHERS = ", beside others (texts there)";
const isOfOthers = ({ table }: Row): boolean => `${table}`.includes(OTHERS);

/** The runs of `streams.ts` that are recorded, each with the name of its runtime. */
const streamRuns = (): readonly (readonly [name: string, run: Run])[] =>
  ["Deno", "Bun", "Node"].flatMap((name) => {
    const run = recorded(`streams-${name.toLowerCase()}`);
    return run === undefined ? [] : [[name, run] as const];
  });

/** Races without others, or those beside others. */
function streamsTable(isBesideOthers: boolean): string {
  const runs = streamRuns().filter(([, run]) => !isBesideOthers || run.rows.some(isOfOthers));
  const rows = (run: Run | undefined): readonly Row[] =>
    run?.rows.filter((row) => "÷ bare" in row && isOfOthers(row) === isBesideOthers) ?? [];
  return formatRows(
    ["", ...runs.flatMap(([name]) => [`${name}: items/s`, "÷ bare"])],
    rows(runs[0]?.[1]).map(({ table, name }) => [
      `${table}: ${name}`.replace(OTHERS, ""),
      ...runs.flatMap(([, run]) => {
        const row = rows(run).find((each) => each["table"] === table && each["name"] === name);
        const rate = row?.["items/s"];
        return [
          typeof rate === "string" ? rate : digits(number(row, "items/s")),
          times(number(row, "÷ bare")),
        ];
      }),
    ]),
  );
}

/** The table of memory of a run of `streams.ts`. */
const SLOW_READER = "Memory in MiB, read ten times slower, after each eighth";

/** Latency of another call while a stream runs. */
function besidesTable(): string {
  const runs = streamRuns();
  const rows = (run: Run | undefined): readonly Row[] =>
    run?.rows.filter(({ table }) => `${table}`.startsWith("A call's answer")) ?? [];
  return formatRows(
    ["meanwhile", ...runs.flatMap(([name]) => [`${name}: p50 µs`, "p99"])],
    // Nothing else runs before and after; once is enough.
    rows(runs[0]?.[1]).slice(0, -1).map(({ name }, i) => [
      `${name}`,
      ...runs.flatMap(([, run]) => {
        const row = rows(run)[i];
        return [digits(number(row, "p50")), digits(number(row, "p99"))];
      }),
    ]),
  );
}

/** Blocks by name. */
export function streamBlocks(): Map<string, string> {
  const page = recorded("streams-page");
  return new Map([
    ["streams", streamsTable(false)],
    ["streams-others", streamsTable(true)],
    ["streams-besides", besidesTable()],
    ["streams-memory-deno", plainTable([recorded("streams-deno")], SLOW_READER)],
    ["streams-memory-bun", plainTable([recorded("streams-bun")], SLOW_READER)],
    ["streams-page", plainTable([page], "Streams of a page, Chromium")],
    ["streams-page-conditions", conditions([page])],
    ["streams-conditions", conditions(runsOf("streams"))],
  ]);
}
