/**
 * The pictures: percentile curves, bars, histograms, and every call as a dot.
 *
 * @module
 */
import { percentile } from "./statistics.ts";
import {
  Canvas,
  colour,
  isOurs,
  logScale,
  logTicks,
  microseconds,
  type Named,
  type Plot,
} from "./svg.ts";

/** Latencies of one contender, in microseconds. */
export interface Curve extends Named {
  /** From the shortest to the longest. */
  readonly sortedUs: Float64Array;
}

/** Latencies of one contender in the order they were measured. */
export interface Cloud extends Named {
  readonly samplesUs: Float64Array;
}

/** One contender's bars. */
export interface Bars extends Named {
  /** One for each group, more is better. */
  readonly values: readonly number[];
}

const WIDTH = 960;
const HEIGHT = 480;
const PLOT: Plot = { left: 70, right: WIDTH - 260, top: 44, bottom: HEIGHT - 44 };
const LEGEND_X = WIDTH - 240;

/** Nines on the horizontal axis: 0 is p0, 1 is p90, 4 is p99.99. */
const MAX_NINES = 4;
const PERCENTILES: readonly (readonly [part: number, label: string])[] = [
  [0, "min"],
  [0.5, "p50"],
  [0.9, "p90"],
  [0.99, "p99"],
  [0.999, "p99.9"],
  [0.9999, "p99.99"],
];

function range(curves: readonly Curve[], low: number, high: number): [number, number] {
  const lows = curves.map(({ sortedUs }) => percentile(sortedUs, low));
  const highs = curves.map(({ sortedUs }) => percentile(sortedUs, high));
  return [Math.min(...lows), Math.max(...highs)];
}

function verticalTicks(canvas: Canvas, y: (us: number) => number, ticks: readonly number[]): void {
  for (const us of ticks) {
    canvas.rule(PLOT.left, y(us), PLOT.right, y(us));
    canvas.text(PLOT.left - 6, y(us) + 4, microseconds(us), { anchor: "end" });
  }
}

/** Latency over percentiles, both logarithmic. */
export function percentileChart(title: string, curves: readonly Curve[]): string {
  const canvas = new Canvas(WIDTH, HEIGHT, title);
  const [low, high] = range(curves, 0, 1 - 10 ** -MAX_NINES);
  const x = (part: number): number =>
    PLOT.left - Math.log10(1 - part) / MAX_NINES * (PLOT.right - PLOT.left);
  const y = logScale(low, high, PLOT.bottom, PLOT.top);
  for (const [part, label] of PERCENTILES) {
    canvas.rule(x(part), PLOT.top, x(part), PLOT.bottom);
    canvas.text(x(part), PLOT.bottom + 18, label, { anchor: "middle" });
  }
  verticalTicks(canvas, y, logTicks(low, high));
  curves.forEach(({ name, sortedUs }, i) => {
    const points: string[] = [];
    // Up to the percentile with a few samples left.
    const most = Math.min(MAX_NINES, Math.log10(sortedUs.length / 5));
    for (let nines = 0; nines <= most; nines += 0.04) {
      const part = 1 - 10 ** -nines;
      points.push(`${x(part).toFixed(1)},${y(percentile(sortedUs, part)).toFixed(1)}`);
    }
    canvas.add(
      `<polyline fill="none" stroke="${colour(i)}" stroke-width="${
        isOurs(name) ? 3.5 : 1.6
      }" points="${points.join(" ")}"/>`,
    );
  });
  canvas.legend(LEGEND_X, PLOT.top + 12, curves);
  return canvas.toString();
}

const BUCKETS = 160;
/** Histograms leave out the calls above this quantile. */
const SHOWN = 0.995;

/** Frequency of latencies: a curve over buckets of equal width on a logarithmic axis. */
export function histogramChart(title: string, curves: readonly Curve[]): string {
  const canvas = new Canvas(WIDTH, HEIGHT, title);
  const [low, high] = range(curves, 0, SHOWN);
  const bucket = logScale(low, high, 0, BUCKETS);
  const shares = curves.map(({ sortedUs }) => {
    const counts = new Float64Array(BUCKETS);
    for (const us of sortedUs) {
      const at = Math.floor(bucket(us));
      if (at >= 0 && at < BUCKETS) counts[at] = (counts[at] ?? 0) + 1 / sortedUs.length;
    }
    return counts;
  });
  const most = Math.max(...shares.map((share) => Math.max(...share)));
  const x = logScale(low, high, PLOT.left, PLOT.right);
  for (const us of logTicks(low, high)) {
    canvas.rule(x(us), PLOT.top, x(us), PLOT.bottom);
    canvas.text(x(us), PLOT.bottom + 18, microseconds(us), { anchor: "middle" });
  }
  canvas.text(PLOT.left - 6, PLOT.top + 4, `${(most * 100).toFixed(0)} %`, { anchor: "end" });
  shares.forEach((share, i) => {
    const name = curves[i]?.name ?? "";
    const points = Array.from(share, (part, at) => {
      const across = PLOT.left + (at + 0.5) / BUCKETS * (PLOT.right - PLOT.left);
      const up = PLOT.bottom - part / most * (PLOT.bottom - PLOT.top);
      return `${across.toFixed(1)},${up.toFixed(1)}`;
    });
    canvas.add(
      `<polygon fill="${colour(i)}" fill-opacity="${isOurs(name) ? 0.5 : 0.08}" stroke="${
        colour(i)
      }" stroke-width="1.4" points="${PLOT.left},${PLOT.bottom} ${
        points.join(" ")
      } ${PLOT.right},${PLOT.bottom}"/>`,
    );
  });
  canvas.legend(LEGEND_X, PLOT.top + 12, curves);
  return canvas.toString();
}

/** The most dots of one contender: more would overlap, in a file too large to open. */
const MAX_DOTS = 1500;

/** Calls in the order they were made, sampled if they are many. */
export function scatterChart(title: string, clouds: readonly Cloud[]): string {
  const canvas = new Canvas(WIDTH, HEIGHT, title);
  const sorted = clouds.map(({ name, samplesUs }) => ({ name, sortedUs: samplesUs.toSorted() }));
  const [low, high] = range(sorted, 0, 0.9999);
  const y = logScale(low, high, PLOT.bottom, PLOT.top);
  verticalTicks(canvas, y, logTicks(low, high));
  clouds.forEach(({ samplesUs }, i) => {
    const step = Math.max(1, Math.ceil(samplesUs.length / MAX_DOTS));
    const dots: string[] = [];
    for (let at = 0; at < samplesUs.length; at += step) {
      const across = PLOT.left + at / samplesUs.length * (PLOT.right - PLOT.left);
      dots.push(`M${across.toFixed(1)} ${y(samplesUs[at] ?? low).toFixed(1)}h0`);
    }
    canvas.add(
      `<path d="${dots.join("")}" stroke="${
        colour(i)
      }" stroke-width="2" stroke-linecap="round" stroke-opacity="0.55"/>`,
    );
  });
  canvas.text(PLOT.left, PLOT.bottom + 18, "in the order of the calls");
  canvas.legend(LEGEND_X, PLOT.top + 12, clouds);
  return canvas.toString();
}

const BAR = 12;
const SHADES: readonly number[] = [0.4, 0.65, 1];

/** A block for each contender and one bar for each group. */
export function barChart(
  title: string,
  groups: readonly string[],
  bars: readonly Bars[],
): string {
  const block = groups.length * BAR + 14;
  const left = 230;
  const canvas = new Canvas(WIDTH, 72 + bars.length * block, title);
  const most = Math.max(...bars.flatMap(({ values }) => values.filter(Number.isFinite)));
  groups.forEach((group, i) => {
    const x = left + i * 130;
    canvas.add(
      `<rect x="${x}" y="38" width="10" height="10" fill="#8a8a8a" fill-opacity="${
        SHADES[i] ?? 1
      }"/>`,
    );
    canvas.text(x + 16, 47, group);
  });
  bars.forEach(({ name, values }, row) => {
    const top = 64 + row * block;
    const fill = isOurs(name) ? "#e0483e" : "#3b82d0";
    canvas.text(left - 10, top + groups.length * BAR / 2 + 4, name, {
      anchor: "end",
      bold: isOurs(name),
    });
    values.forEach((value, i) => {
      if (!Number.isFinite(value)) return;
      const length = Math.max(1, value / most * (WIDTH - left - 90));
      const y = top + i * BAR;
      canvas.add(
        `<rect x="${left}" y="${y}" width="${length.toFixed(1)}" height="${
          BAR - 2
        }" fill="${fill}" fill-opacity="${SHADES[i] ?? 1}"/>`,
      );
      const label = Math.round(value).toLocaleString("en-US");
      canvas.text(left + length + 6, y + BAR - 3, label, { size: 10 });
    });
  });
  return canvas.toString();
}
