/**
 * The results of the round trips: tables, targets, curves.
 *
 * @module
 */
import { DEPTHS, FLOOR_BUILT_IN, FLOOR_OWN, type Result, type Scheme, SCHEMES } from "./rpc.ts";
import type { CpuUs, LatencyTurn } from "./rounds.ts";
import { digits, median, percentile, pool, times } from "./statistics.ts";
import type { Table } from "./table.ts";

/** One contender, summed up. Times in microseconds; ratios are medians over rounds. */
export interface Summary {
  readonly name: string;
  readonly scheme: Scheme;
  /** Medians over rounds; `p999` over all samples. */
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly samples: number;
  /** p50 as a multiple of the floor's with the same kind of client, and with the built-in one. */
  readonly toOwn: number;
  readonly toBuiltIn: number;
  /** p99 as a multiple of the floor's with the same kind of client. */
  readonly p99ToOwn: number;
  readonly cpuUs: CpuUs;
  /** CPU of both sides as a multiple of the floor's. */
  readonly cpuToOwn: number;
  readonly floods: readonly FloodSummary[];
}

/** Calls in flight, summed up. */
export interface FloodSummary {
  readonly inFlight: number;
  readonly perSecond: number;
  readonly toOwn: number;
  readonly toBuiltIn: number;
  readonly cpuUs: CpuUs;
  readonly cpuToOwn: number;
}

/** Sum up. */
export function summarize(results: readonly Result[]): Summary[] {
  const find = (name: string, scheme: Scheme): Result | undefined =>
    results.find((result) => result.name === name && result.scheme === scheme);
  return results.map((result) => {
    const own = find(FLOOR_OWN, result.scheme);
    const builtIn = find(FLOOR_BUILT_IN, result.scheme);
    const all = pool(result.latency.map(({ samplesUs }) => samplesUs));
    return {
      name: result.name,
      scheme: result.scheme,
      p50: median(result.latency.map(p(0.5))),
      p99: median(result.latency.map(p(0.99))),
      p999: percentile(all, 0.999),
      samples: all.length,
      toOwn: ratio(result.latency, own?.latency, p(0.5)),
      toBuiltIn: ratio(result.latency, builtIn?.latency, p(0.5)),
      p99ToOwn: ratio(result.latency, own?.latency, p(0.99)),
      cpuUs: medianCpu(result.latency),
      cpuToOwn: ratio(result.latency, own?.latency, cpuSum),
      floods: result.floods.map((turns, i) => ({
        inFlight: DEPTHS[i] ?? 1,
        perSecond: median(turns.map(({ perSecond }) => perSecond)),
        toOwn: ratio(turns, own?.floods[i], ({ perSecond }) => perSecond),
        toBuiltIn: ratio(turns, builtIn?.floods[i], ({ perSecond }) => perSecond),
        cpuUs: medianCpu(turns),
        cpuToOwn: ratio(turns, own?.floods[i], cpuSum),
      })),
    };
  });
}

const p = (part: number) => ({ samplesUs }: LatencyTurn): number =>
  percentile(samplesUs.toSorted(), part);

const cpuSum = ({ cpu }: { readonly cpu: CpuUs }): number => cpu.client + cpu.server;

function ratio<T>(
  turns: readonly T[],
  floor: readonly T[] | undefined,
  measure: (turn: T) => number,
): number {
  if (floor === undefined) return NaN;
  return median(
    turns.flatMap((turn, round) => {
      const same = floor[round];
      return same === undefined ? [] : [measure(turn) / measure(same)];
    }),
  );
}

function medianCpu(turns: readonly { readonly cpu: CpuUs }[]): CpuUs {
  return {
    client: median(turns.map(({ cpu }) => cpu.client)),
    server: median(turns.map(({ cpu }) => cpu.server)),
  };
}

/** One call after the other, and many in flight, a table each for `ws` and `wss`. */
export function rpcTables(summaries: readonly Summary[]): Table[] {
  return SCHEMES.flatMap((scheme) => {
    const rows = summaries.filter((summary) => summary.scheme === scheme);
    return [latencyTable(scheme, rows), floodTable(scheme, rows)];
  });
}

function latencyTable(scheme: Scheme, rows: readonly Summary[]): Table {
  return {
    title: `One call after the other, ${scheme}`,
    columns: [
      "µs",
      "p50",
      "p99",
      "p99.9",
      "÷ own",
      "÷ built-in",
      "p99 ÷ own",
      "CPU client",
      "CPU server",
      "CPU ÷ own",
    ],
    rows: rows.map((row) => [
      row.name,
      digits(row.p50),
      digits(row.p99),
      digits(row.p999),
      times(row.toOwn),
      times(row.toBuiltIn),
      times(row.p99ToOwn),
      digits(row.cpuUs.client),
      digits(row.cpuUs.server),
      times(row.cpuToOwn),
    ]),
  };
}

function floodTable(scheme: Scheme, rows: readonly Summary[]): Table {
  const flooded = rows.filter(({ floods }) => floods.length > 0);
  return {
    title: `Calls in flight, ${scheme}`,
    columns: [
      "calls/s",
      ...DEPTHS.map(String),
      ...DEPTHS.map((depth) => `${depth} ÷ own`),
      "256 ÷ built-in",
      "µs CPU client",
      "server",
    ],
    rows: flooded.map(({ name, floods }) => [
      name,
      ...floods.map(({ perSecond }) => digits(perSecond)),
      ...floods.map(({ toOwn }) => times(toOwn)),
      times(floods.at(-1)?.toBuiltIn ?? NaN),
      digits(floods.at(-1)?.cpuUs.client ?? NaN),
      digits(floods.at(-1)?.cpuUs.server ?? NaN),
    ]),
    notes: ["CPU: of one call, with 256 in flight."],
  };
}

interface Target {
  readonly name: string;
  readonly measure: (summary: Summary) => number;
  readonly bound: number;
  readonly atLeast: boolean;
}

const TARGETS: readonly Target[] = [
  { name: "p50 ÷ own", measure: ({ toOwn }) => toOwn, bound: 1.3, atLeast: false },
  { name: "CPU ÷ own", measure: ({ cpuToOwn }) => cpuToOwn, bound: 1.25, atLeast: false },
  {
    name: "256 in flight ÷ built-in",
    measure: ({ floods }) => floods.at(-1)?.toBuiltIn ?? NaN,
    bound: 4,
    atLeast: true,
  },
  {
    name: "256 in flight ÷ own",
    measure: ({ floods }) => floods.at(-1)?.toOwn ?? NaN,
    bound: 0.6,
    atLeast: true,
  },
];

/** `increment`, compared with its target. */
export function targetTable(summaries: readonly Summary[]): Table {
  const rows = summaries.filter(({ name }) => name === "hardlight increment");
  return {
    title: "Targets: increment",
    columns: ["", "target", ...rows.flatMap(({ scheme }) => [scheme, "met"])],
    rows: TARGETS.map(({ name, measure, bound, atLeast }) => [
      name,
      `${atLeast ? "≥" : "≤"} ${bound}`,
      ...rows.flatMap((row) => {
        const value = measure(row);
        return [times(value), (atLeast ? value >= bound : value <= bound) ? "yes" : "no"];
      }),
    ]),
  };
}
