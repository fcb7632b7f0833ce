/**
 * The tables of PROTOCOL.md.
 *
 * @module
 */
import { assert } from "@std/assert";
import { readFileSync } from "node:fs";

/** The document. */
export const text: string = readFileSync(new URL("../../PROTOCOL.md", import.meta.url), "utf8");

/** Cells of a line; a bar in code does not end one. */
function cells(line: string): string[] {
  return line.split("|").slice(1, -1).map((cell) => cell.trim());
}

/** A cell without the marks of code. */
export const plain = (cell: string): string => cell.replaceAll("`", "");

/** All tables: their heads, and their rows. */
export const TABLES: readonly { head: string; rows: string[][] }[] = [
  ...text.matchAll(/^\|.*\|\n\| ?[-:].*\n(?:\|.*\n)+/gm),
].map(([table]) => {
  const [head, , ...rows] = table.trimEnd().split("\n");
  return { head: cells(head!).join(" | "), rows: rows.map(cells) };
});

/** The rows of the table with this head, or of a later one. */
export function rowsOf(head: string, nth = 0): string[][] {
  const table = TABLES.filter((table) => table.head === head)[nth];
  assert(table !== undefined, `there is no table of ${head}`);
  return table.rows;
}
