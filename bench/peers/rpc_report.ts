/**
 * Tables of the calls: medians over rounds, ratios to hardlight within a round.
 *
 * @module
 */
import { digits, median, percentile, times } from "../statistics.ts";
import type { Table } from "../table.ts";
import type { Contender, FloodTurn, LatencyTurn } from "./rpc_contender.ts";
import type { RustTurn } from "./rpc_rust.ts";

/** How many calls are in flight. */
export const DEPTHS: readonly number[] = [16, 64, 256];

/** One contender, summed up. */
export interface Summary {
  readonly id: string;
  readonly name: string;
  readonly p50Us: number;
  /** As a multiple of hardlight's. */
  readonly p50ToOurs: number;
  readonly p99Us: number;
  readonly cpuUs: number;
  readonly connectMs: number;
  readonly bytesPerCall: number;
  /** Calls a second, by {@linkcode DEPTHS}. */
  readonly perSecond: readonly number[];
  /** hardlight's calls a second as a multiple of these. */
  readonly oursToPerSecond: readonly number[];
}

const p50 = ({ samples }: LatencyTurn): number => percentile(samples.toSorted(), 0.5);
const rate = ({ perSecond }: FloodTurn): number => perSecond;

/** The median over rounds of a ratio that is formed within each. */
function ratio(above: readonly number[], below: readonly number[]): number {
  return median(above.map((value, round) => value / (below[round] ?? NaN)));
}

/** Sum up. */
export function summarize(
  contenders: readonly Contender[],
  rust: readonly RustTurn[],
): Summary[] {
  const ours = contenders.find(({ id }) => id === "hardlight");
  const ourP50 = ours?.latency.map(p50) ?? [];
  const ourRates = DEPTHS.map((_, i) => ours?.floods[i]?.map(rate) ?? []);
  const summaries = contenders.map(({ id, name, latency, floods, connectMs, bytesPerCall }) => ({
    id,
    name,
    p50Us: median(latency.map(p50)),
    p50ToOurs: ratio(latency.map(p50), ourP50),
    p99Us: median(latency.map(({ samples }) => percentile(samples.toSorted(), 0.99))),
    cpuUs: median(latency.map(({ cpuUs }) => cpuUs)),
    connectMs: median(connectMs),
    bytesPerCall,
    perSecond: floods.map((turns) => median(turns.map(rate))),
    oursToPerSecond: floods.map((turns, i) => ratio(ourRates[i] ?? [], turns.map(rate))),
  }));
  if (rust.length > 0) {
    summaries.push({
      id: "rust",
      name: "hardlight 2.0.0 in Rust, TLS",
      p50Us: median(rust.map((turn) => turn.p50Us)),
      p50ToOurs: ratio(rust.map((turn) => turn.p50Us), ourP50),
      p99Us: median(rust.map((turn) => turn.p99Us)),
      cpuUs: NaN,
      connectMs: NaN,
      bytesPerCall: NaN,
      perSecond: [NaN, NaN, median(rust.map(rate0))],
      oursToPerSecond: [NaN, NaN, ratio(ourRates[2] ?? [], rust.map(rate0))],
    });
  }
  return summaries;
}

const rate0 = ({ perSecond }: RustTurn): number => perSecond;

/** One call after the other, and many in flight. */
export function tablesOf(
  runtime: string,
  summaries: readonly Summary[],
  absent: readonly string[],
): Table[] {
  const name = ({ id, name }: Summary): string => id === "hardlight" ? `**${name}**` : name;
  return [
    {
      title: `One call after the other, ${runtime}`,
      columns: ["", "p50 µs", "÷ hardlight", "p99 µs", "CPU µs", "connect + call ms", "bytes"],
      rows: summaries.map((row) => [
        name(row),
        digits(row.p50Us),
        times(row.p50ToOurs),
        digits(row.p99Us),
        digits(row.cpuUs),
        digits(row.connectMs),
        Number.isNaN(row.bytesPerCall) ? "–" : `${row.bytesPerCall}`,
      ]),
      notes: absent,
    },
    {
      title: `Calls per second by how many are in flight, ${runtime}`,
      columns: ["", ...DEPTHS.map(String), ...DEPTHS.map((depth) => `hardlight ÷, ${depth}`)],
      rows: summaries.map((row) => [
        name(row),
        ...row.perSecond.map((value) => digits(value)),
        ...row.oursToPerSecond.map((value) => times(value)),
      ]),
    },
  ];
}
