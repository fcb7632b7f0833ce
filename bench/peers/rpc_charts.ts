/**
 * The pictures of a run.
 *
 * @module
 */
import { barChart, histogramChart, percentileChart, scatterChart } from "../charts.ts";
import { concatenate, pool } from "../statistics.ts";
import type { Contender } from "./rpc_contender.ts";
import { DEPTHS, type Summary } from "./rpc_report.ts";

const SCATTERED: readonly string[] = ["raw", "hardlight", "capnweb", "orpc", "grpc"];

/** The pictures of one runtime, by name. */
export function chartsOf(
  runtime: string,
  contenders: readonly Contender[],
  summaries: readonly Summary[],
): Map<string, string> {
  const after = `${runtime}: one call after the other`;
  const curves = contenders.map(({ name, latency }) => ({
    name,
    sortedUs: pool(latency.map(({ samples }) => samples)),
  }));
  // More than a few are one blot.
  const clouds = contenders.filter(({ id }) => SCATTERED.includes(id)).map(({ name, latency }) => ({
    name,
    samplesUs: concatenate(latency.map(({ samples }) => samples)),
  }));
  const bars = summaries
    .filter(({ id }) => !id.startsWith("raw"))
    .map(({ name, perSecond }) => ({ name, values: perSecond }))
    .toSorted((a, b) => (b.values.at(-1) ?? 0) - (a.values.at(-1) ?? 0));
  const groups = DEPTHS.map((depth) => `${depth} in flight`);
  return new Map([
    ["percentiles", percentileChart(after, curves)],
    ["histogram", histogramChart(after, curves)],
    ["scatter", scatterChart(after, clouds)],
    ["throughput", barChart(`${runtime}: calls per second, one connection`, groups, bars)],
  ]);
}
