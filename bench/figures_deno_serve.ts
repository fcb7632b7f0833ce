/**
 * Figures of `deno_serve.ts`.
 *
 * @module
 */
import { conditions } from "./figures_peers.ts";
import { number } from "./figures_rows.ts";
import { recorded, type Row } from "./record.ts";
import { digits, times } from "./statistics.ts";
import { formatRows } from "./table.ts";

/** Over TLS a second message can wait so long that two digits say nothing. */
const ratio = (value: number): string => value < 0.01 ? "< 0.01×" : times(value);

const rowsOf = (): readonly Row[] => recorded("deno-serve")?.rows ?? [];

/** Speed and memory, with ratios; then what is refused. */
function table(): string {
  const cell = (row: Row, of: string): string => {
    const value = row[of];
    if (typeof value === "string") return value;
    return (of.includes("÷") ? ratio : digits)(number(row, of));
  };
  const columns = ["raw", "serve", "serve ÷ raw", "mount", "mount ÷ raw", "serve ÷ mount"];
  return formatRows(
    ["", "raw `Deno.serve`", "`serve()`", "÷ raw", "mount", "÷ raw", "`serve()` ÷ mount"],
    rowsOf().map((row) => [`${row["name"]}`, ...columns.map((of) => cell(row, of))]),
  );
}

/** Nearer than this to one another, two figures are the same. */
const SAME = 0.1;

/** What the ratios come to: which of both is ahead where. */
function verdict(): string {
  const rows = rowsOf().filter((row) => typeof row["serve ÷ mount"] === "number");
  const ahead = { serve: [] as string[], mount: [] as string[] };
  for (const row of rows) {
    const value = number(row, "serve ÷ mount");
    const isRate = `${row["name"]}`.includes("a second");
    if (Math.abs(value - 1) <= SAME) continue;
    const name = `${row["name"]}`.replace(/, (p50, µs|calls a second|bytes)$/, "").replace(
      /, µs$/,
      "",
    );
    ahead[value > 1 === isRate ? "serve" : "mount"].push(`${name} (${ratio(value)})`);
  }
  const list = (names: readonly string[]): string =>
    names.length === 0 ? "nowhere" : names.join("; ");
  const same = rows.length - ahead.serve.length - ahead.mount.length;
  return `${same} of these ${rows.length} figures are within a tenth of one another. By more, ` +
    `\`serve()\` is ahead in: ${list(ahead.serve)}. The mount is ahead in: ${list(ahead.mount)}.`;
}

/** Blocks by name. */
export function denoServeBlocks(): Map<string, string> {
  return new Map([
    ["deno-serve", table()],
    ["deno-serve-verdict", verdict()],
    ["deno-serve-conditions", conditions([recorded("deno-serve")])],
  ]);
}
