/**
 * Tables of the calls and of the events, from rows of the record.
 *
 * @module
 */
import type { Row } from "../record.ts";
import { digits, times } from "../statistics.ts";
import type { Table } from "../table.ts";

const isNumber = (value: unknown): value is number => typeof value === "number";

/** A figure of a row. */
export function figure(row: Row | undefined, name: string): string {
  const value = row?.[name];
  return isNumber(value) ? digits(value) : "–";
}

/** A multiple of the raw echo's. */
export function multiple(row: Row | undefined, name: string): string {
  const value = row?.[name];
  return isNumber(value) ? times(value) : "–";
}

/** The name, with hardlight in bold. */
export function nameOf({ id, name }: Row): string {
  return id === "hardlight" ? `**${name}**` : `${name}`;
}

/** The results of one run. */
export function tablesOf(runtime: string, rows: readonly Row[]): Table[] {
  return [
    {
      title: `One call after the other, ${runtime}`,
      columns: ["", "p50 µs", "÷ raw", "p99 µs", "CPU µs", "connect + call ms", "bytes up", "down"],
      rows: rows.map((row) => [
        nameOf(row),
        figure(row, "p50Us"),
        multiple(row, "p50X"),
        figure(row, "p99Us"),
        figure(row, "cpuUs"),
        figure(row, "connectMs"),
        figure(row, "bytesUp"),
        figure(row, "bytesDown"),
      ]),
    },
    {
      title: `Calls per second, ${runtime}`,
      columns: ["", ...["add16", "add256", "add64x40", "hello10x1"].flatMap((of) => [of, "÷ raw"])],
      rows: rows.map((row) => [
        nameOf(row),
        ...["add16", "add256", "add64x40", "hello10x1"].flatMap((of) => [
          figure(row, of),
          multiple(row, `${of}X`),
        ]),
      ]),
    },
    {
      title: `4 KiB there and back, and events to 100, ${runtime}`,
      columns: [
        "",
        "random/s",
        "÷ raw",
        "JSON/s",
        "÷ raw",
        "deliveries/s",
        "÷ raw",
        "server µs",
        "÷ raw",
        "one event µs",
        "÷ raw",
      ],
      rows: rows.map((row) => [
        nameOf(row),
        ...[["echo16", "echo16X"], ["say16", "say16X"], ["fanOut", "fanOutX"], [
          "fanOutServerUs",
          "fanOutServerX",
        ], ["eventUs", "eventX"]].flatMap(([of = "", to = ""]) => [
          figure(row, of),
          multiple(row, to),
        ]),
      ]),
    },
  ];
}
