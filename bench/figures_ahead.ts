/**
 * Who is ahead of hardlight, by the record of `bench/peers` alone.
 *
 * @module
 */
import { number } from "./figures_rows.ts";
import { recorded, type Row, RUNTIMES } from "./record.ts";

/** What is compared. */
interface Measure {
  readonly title: string;
  /** The column of the record: multiples of the raw echo's where it has them, as these are formed within a round. */
  readonly of: string;
  readonly best: "most" | "least";
}

const MEASURES: readonly Measure[] = [
  { title: "One call after the other", of: "p50X", best: "least" },
  { title: "Calls, 16 in flight", of: "add16X", best: "most" },
  { title: "Calls, 256 in flight", of: "add256X", best: "most" },
  { title: "64 clients with 40 calls each", of: "add64x40X", best: "most" },
  { title: "Ten connections with one call each", of: "hello10x1X", best: "most" },
  { title: "4 KiB of noise", of: "echo16X", best: "most" },
  { title: "4 KiB of JSON", of: "say16X", best: "most" },
  { title: "Events to 100: rate", of: "fanOutX", best: "most" },
  { title: "Events to 100: CPU of the server", of: "fanOutServerX", best: "least" },
  { title: "One event to 100", of: "eventX", best: "least" },
  { title: "Connecting and a first call", of: "connectMs", best: "least" },
  { title: "Bytes up", of: "bytesUp", best: "least" },
  { title: "Bytes down", of: "bytesDown", best: "least" },
];

/** A contender that is ahead by less is level: the second digit of a ratio moves from run to run. */
const LEVEL = 1.02;

/** The name without its version, and without commas. */
function short({ id, name }: Row): string {
  if (id === "raw-own") return "raw echo with hardlight's client";
  if (id === "msgpackr-deflate") return "msgpackr with permessage-deflate";
  return `${name}`.replace(/ \d[\d.]*/, "").replace(/,.*/, "");
}

/** Those ahead of hardlight, the first of them first, with how many times as good they are. */
export function aheadOf(rows: readonly Row[], { of, best }: Omit<Measure, "title">): string[] {
  const ours = number(rows.find(({ id }) => id === "hardlight"), of);
  return rows.filter(({ id }) => !`${id}`.startsWith("hardlight"))
    .map((row) => {
      const theirs = number(row, of);
      return { row, by: best === "most" ? theirs / ours : ours / theirs };
    })
    .filter(({ by }) => by >= LEVEL)
    .toSorted((a, b) => b.by - a.by)
    .map(({ row, by }) => `${short(row)} ${by >= 9.95 ? by.toFixed(0) : by.toFixed(2)}×`);
}

/** An item for each measure, with all runtimes. */
export function aheadList(): string {
  const runs = RUNTIMES.map((runtime) => recorded(`peers-${runtime}`)?.rows ?? []);
  return MEASURES.map((measure) => {
    const each = runs.map((rows) => aheadOf(rows, measure).join(", ") || "none");
    const same = each.every((names) => names === each[0]);
    const text = same
      ? `everywhere ${each[0]}.`
      : each.map((names, i) => `${["Deno", "Bun", "Node"][i]}: ${names}.`).join(" ");
    return `- **${measure.title}**: ${text}`;
  }).join("\n");
}
