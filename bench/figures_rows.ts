/**
 * What figures are read from the record with.
 *
 * @module
 */

import { recorded, type Row, type Run, RUNTIMES } from "./record.ts";
import { digits } from "./statistics.ts";
import { formatRows } from "./table.ts";

/** A figure of a row; NaN where there is none. */
export const number = (row: Row | undefined, of: string): number => {
  const value = row?.[of];
  return typeof value === "number" ? value : NaN;
};

/** The runs of a benchmark on all runtimes. */
export const runsOf = (name: string): readonly (Run | undefined)[] =>
  RUNTIMES.map((runtime) => recorded(`${name}-${runtime}`));

/** A recorded table in its printed form. */
export function plainTable(runs: readonly (Run | undefined)[], title?: string): string {
  const rows = runs.flatMap((run) => run?.rows ?? []).filter(({ table }) =>
    title === undefined || table === title
  );
  const columns = Object.keys(rows[0] ?? {}).filter((of) => of !== "table");
  return formatRows(
    columns.map((of) => of === "name" ? "" : of),
    rows.map((row) =>
      columns.map((of) => {
        const value = row[of];
        return typeof value === "number" ? digits(value) : `${value ?? "–"}`;
      })
    ),
  );
}
