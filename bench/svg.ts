/**
 * Percentile curves and bars as SVG.
 *
 * @module
 */

/** One line of the chart. */
export interface Curve {
  readonly name: string;
  /** Sorted, in microseconds. */
  readonly sortedUs: Float64Array;
}

const WIDTH = 900;
const HEIGHT = 460;
const LEFT = 70;
const RIGHT = 270;
const TOP = 40;
const BOTTOM = 50;
const COLOURS: readonly string[] = [
  "#777777",
  "#d1495b",
  "#00798c",
  "#bbbbbb",
  "#9c6b30",
  "#6a4c93",
  "#edae49",
  "#30638e",
];
const SHADES: readonly string[] = ["#9ccad2", "#4f9fae", "#00798c"];
/** Nines on the horizontal axis: 0 is p0, 1 is p90, 4 is p99.99. */
const MAX_NINES = 4;
const TICKS: readonly (readonly [part: number, label: string])[] = [
  [0, "min"],
  [0.5, "p50"],
  [0.9, "p90"],
  [0.99, "p99"],
  [0.999, "p99.9"],
  [0.9999, "p99.99"],
];

/** Draw latency over percentiles, both logarithmic. */
export function percentileChart(
  title: string,
  curves: readonly Curve[],
): string {
  const low = 10 **
    Math.floor(
      Math.log10(Math.min(...curves.map(({ sortedUs }) => at(sortedUs, 0)))),
    );
  const high = Math.max(
    ...curves.map(({ sortedUs }) => at(sortedUs, 1 - 10 ** -MAX_NINES)),
  );
  const decades = Math.max(1, Math.log10(high / low));
  const x = (part: number): number =>
    LEFT + -Math.log10(1 - part) / MAX_NINES * (WIDTH - LEFT - RIGHT);
  const y = (us: number): number =>
    HEIGHT - BOTTOM - Math.log10(us / low) / decades * (HEIGHT - TOP - BOTTOM);

  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="system-ui, sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    `<text x="${LEFT}" y="22" font-size="15">${escape(title)}</text>`,
  ];
  for (const [part, label] of TICKS) {
    const at = x(part).toFixed(1);
    parts.push(
      `<line x1="${at}" x2="${at}" y1="${TOP}" y2="${HEIGHT - BOTTOM}" stroke="#eeeeee"/>`,
      `<text x="${at}" y="${HEIGHT - BOTTOM + 18}" text-anchor="middle">${label}</text>`,
    );
  }
  for (let decade = low; decade <= high; decade *= 10) {
    for (const us of [decade, 2 * decade, 5 * decade]) {
      if (us > high) continue;
      const at = y(us).toFixed(1);
      parts.push(
        `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}" stroke="#eeeeee"/>`,
        `<text x="${LEFT - 6}" y="${at}" dy="4" text-anchor="end">${label(us)}</text>`,
      );
    }
  }
  curves.forEach(({ name, sortedUs }, i) => {
    const colour = COLOURS[i % COLOURS.length];
    const points: string[] = [];
    for (let nines = 0; nines <= MAX_NINES; nines += 0.04) {
      const part = 1 - 10 ** -nines;
      points.push(`${x(part).toFixed(1)},${y(at(sortedUs, part)).toFixed(1)}`);
    }
    const row = TOP + 12 + i * 20;
    parts.push(
      `<polyline fill="none" stroke="${colour}" stroke-width="1.8" points="${points.join(" ")}"/>`,
      `<line x1="${WIDTH - RIGHT + 14}" x2="${
        WIDTH - RIGHT + 34
      }" y1="${row}" y2="${row}" stroke="${colour}" stroke-width="3"/>`,
      `<text x="${WIDTH - RIGHT + 40}" y="${row + 4}">${escape(name)}</text>`,
    );
  });
  return [...parts, "</svg>", ""].join("\n");
}

/** One contender's bars. */
export interface Bars {
  readonly name: string;
  /** One for each group, more is better. */
  readonly values: readonly number[];
}

const BAR = 12;

/** Draw bars, a block for each contender and one bar for each group. */
export function barChart(
  title: string,
  groups: readonly string[],
  bars: readonly Bars[],
): string {
  const block = groups.length * BAR + 14;
  const height = TOP + 24 + bars.length * block + 10;
  const most = Math.max(...bars.flatMap(({ values }) => values));
  const left = 230;
  const width = WIDTH - left - 100;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="system-ui, sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    `<text x="20" y="22" font-size="15">${escape(title)}</text>`,
  ];
  groups.forEach((group, i) => {
    const x = left + i * 130;
    parts.push(
      `<rect x="${x}" y="${TOP - 2}" width="10" height="10" fill="${SHADES[i % SHADES.length]}"/>`,
      `<text x="${x + 16}" y="${TOP + 7}">${escape(group)}</text>`,
    );
  });
  bars.forEach(({ name, values }, row) => {
    const top = TOP + 24 + row * block;
    const middle = top + groups.length * BAR / 2 + 4;
    parts.push(
      `<text x="${left - 10}" y="${middle}" text-anchor="end">${escape(name)}</text>`,
    );
    values.forEach((value, i) => {
      const length = Math.max(1, value / most * width);
      const y = top + i * BAR;
      parts.push(
        `<rect x="${left}" y="${y}" width="${length.toFixed(1)}" height="${BAR - 2}" fill="${
          SHADES[i % SHADES.length]
        }"/>`,
        `<text x="${(left + length + 6).toFixed(1)}" y="${y + BAR - 3}" font-size="10">${
          Math.round(value).toLocaleString("en-US")
        }</text>`,
      );
    });
  });
  return [...parts, "</svg>", ""].join("\n");
}

function at(sorted: Float64Array, part: number): number {
  return sorted[
    Math.min(sorted.length - 1, Math.floor(part * sorted.length))
  ] ?? NaN;
}

function label(us: number): string {
  return us >= 1000 ? `${us / 1000} ms` : `${us} µs`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
