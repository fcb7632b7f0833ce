/**
 * Medians, percentiles and how to write them.
 *
 * @module
 */

/** The quantile `part` of sorted samples. */
export function percentile(sorted: Float64Array, part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? NaN;
}

/** The middle value. */
export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  const middle = sorted.length >>> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? NaN)) / 2;
}

/** Samples of several rounds, sorted. */
export function pool(rounds: readonly Float64Array[]): Float64Array {
  return concatenate(rounds).sort();
}

/** Samples of several rounds, in order. */
export function concatenate(rounds: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(rounds.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const round of rounds) {
    all.set(round, at);
    at += round.length;
  }
  return all;
}

/** Three significant digits. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return "–";
  if (value >= 10_000) return Math.round(value).toLocaleString("en-US");
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

/** In thousands, as `1,214,000`. */
export function thousands(value: number): string {
  return (Math.round(value / 1000) * 1000).toLocaleString("en-US");
}

/** As a multiple of the floor. */
export function times(ratio: number): string {
  return Number.isFinite(ratio) ? `${ratio.toFixed(2)}×` : "–";
}
