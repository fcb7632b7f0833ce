/**
 * Tables, as Markdown that is also readable in a terminal.
 *
 * @module
 */

/** A heading, a table, and its notes. */
export interface Table {
  readonly title: string;
  readonly columns: readonly string[];
  /** The first cell of a row names it. */
  readonly rows: readonly (readonly string[])[];
  readonly notes?: readonly string[];
}

/** The lines of a table: names to the left, numbers to the right. */
export function formatRows(
  columns: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const widths = columns.map((column, i) =>
    Math.max(3, column.length, ...rows.map((row) => row[i]?.length ?? 0))
  );
  const line = (cells: readonly string[]): string =>
    `| ${
      widths.map((width, i) =>
        i === 0 ? (cells[i] ?? "").padEnd(width) : (cells[i] ?? "").padStart(width)
      ).join(" | ")
    } |`;
  const rule = `| ${
    widths.map((width, i) => i === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`).join(" | ")
  } |`;
  return [line(columns), rule, ...rows.map(line)].join("\n");
}

/** The table as text, with its heading and notes. */
export function formatTable({ title, columns, rows, notes = [] }: Table): string {
  return [
    `### ${title}`,
    "",
    formatRows(columns, rows),
    ...notes.flatMap((note) => ["", note]),
    "",
  ].join("\n");
}
