/**
 * The pictures of the round trips.
 *
 * @module
 */
import { barChart, histogramChart, percentileChart, scatterChart } from "./charts.ts";
import { DEPTHS, FLOOR_BUILT_IN, FLOOR_OWN, type Result } from "./rpc.ts";
import { concatenate, median, pool } from "./statistics.ts";

/** More than a few are one blot. */
const SCATTERED: readonly string[] = [FLOOR_OWN, "hardlight increment", FLOOR_BUILT_IN];

/** Each picture's name, and how it is drawn under a title. */
export function picturesOf(
  results: readonly Result[],
): ReadonlyMap<string, (title: string) => string> {
  const curves = results.map(({ name, latency }) => ({
    name,
    sortedUs: pool(latency.map(({ samplesUs }) => samplesUs)),
  }));
  const clouds = results.filter(({ name }) => SCATTERED.includes(name)).map((
    { name, latency },
  ) => ({ name, samplesUs: concatenate(latency.map(({ samplesUs }) => samplesUs)) }));
  const bars = results.filter(({ floods }) => floods.length > 0).map(({ name, floods }) => ({
    name,
    values: floods.map((turns) => median(turns.map(({ perSecond }) => perSecond))),
  }));
  const groups = DEPTHS.map((depth) => `${depth} in flight`);
  return new Map([
    ["percentiles", (title) => percentileChart(`${title}: one call after the other`, curves)],
    ["histogram", (title) => histogramChart(`${title}: one call after the other`, curves)],
    ["scatter", (title) => scatterChart(`${title}: one call after the other`, clouds)],
    ["throughput", (title) => barChart(`${title}: calls per second`, groups, bars)],
  ]);
}
