/**
 * Rounds by turns, the median of each, and a table.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { describeMachine, machineLines, runtimeId } from "../machine.ts";
import { Progress } from "../progress.ts";
import { keep } from "../record.ts";

/** One contender. */
export interface Contender {
  readonly name: string;
  /** Encoded bytes, where they are of interest. */
  readonly bytes?: number | undefined;
  /** One operation; absent if the contender does not support it. */
  readonly run?: (() => unknown) | undefined;
}

/** A line of the table. */
export interface Result {
  readonly row: string;
  readonly name: string;
  readonly bytes: number | undefined;
  /** Median over the rounds, in nanoseconds an operation. */
  readonly ns: number;
  /** To the first contender of the row, round by round, the median. */
  readonly ratio: number;
}

/** A sink for results, so that no engine optimizes the work away. */
export const kept: unknown[] = [undefined];

/** Long enough for every engine's last compiler. */
const WARM_UP_MS = 250;

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}

function time(run: () => unknown, loops: number): number {
  const start = performance.now();
  for (let i = 0; i < loops; i++) kept[0] = run();
  return (performance.now() - start) * 1e6 / loops;
}

/** Measure rows of contenders, `rounds` times by turns. */
export function measure(
  rows: readonly {
    name: string;
    loops: number;
    contenders: readonly Contender[];
  }[],
  rounds: number,
): Result[] {
  const results: Result[] = [];
  const progress = new Progress(rows.length);
  for (const { name, loops, contenders } of rows) {
    progress.step(name);
    const able = contenders.filter((contender) => contender.run);
    const times = able.map(() => [] as number[]);
    for (const { run } of able) {
      for (
        const end = performance.now() + WARM_UP_MS;
        performance.now() < end;
      ) time(run!, loops);
    }
    for (let round = 0; round < rounds; round++) {
      able.forEach(({ run }, i) => times[i]!.push(time(run!, loops)));
    }
    able.forEach((contender, i) =>
      results.push({
        row: name,
        name: contender.name,
        bytes: contender.bytes,
        ns: median(times[i]!),
        ratio: median(times[i]!.map((ns, round) => ns / times[0]![round]!)),
      })
    );
  }
  return results;
}

/** Print a table, and keep it. */
export function report(results: readonly Result[], quick: boolean): void {
  const machine = describeMachine("free");
  const lines = [`\n${machineLines(machine)[0]}\n`];
  let last = "";
  for (const { row, name, bytes, ns, ratio } of results) {
    if (row !== last) {
      lines.push("", `| ${row} | ns | ratio | bytes |`, "| --- | ---: | ---: | ---: |");
    }
    last = row;
    lines.push(
      `| ${name} | ${ns.toFixed(ns < 100 ? 1 : 0)} | ${ratio.toFixed(2)} | ${bytes ?? ""} |`,
    );
  }
  console.log(lines.join("\n"));
  keep(`codec-${runtimeId(machine)}`, {
    machine,
    versions: { runtime: machine.runtime },
    settings: { quick },
    rows: results.map(({ row, name, bytes, ns, ratio }) => ({
      row,
      name,
      ns,
      ratio,
      bytes: bytes ?? null,
    })),
  });
}
