/**
 * The canvas of the charts, whose colours follow the reader's light or dark scheme.
 *
 * @module
 */

/** A line, cloud or row of bars, in the order of the legend. */
export interface Named {
  readonly name: string;
}

/** Where on the canvas the plot is; the legend is to its right. */
export interface Plot {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

/** Legible on white and on black. */
const COLOURS: readonly string[] = [
  "#8a8a8a",
  "#b58900",
  "#e0483e",
  "#e58a3c",
  "#c77ec7",
  "#2aa198",
  "#3b82d0",
  "#6aa84f",
  "#a06a42",
  "#7c6fd6",
  "#d0679d",
  "#4fa3b8",
  "#90933a",
  "#6b7f99",
];

/** The colour of the legend's line. */
export function colour(index: number): string {
  return COLOURS[index % COLOURS.length] ?? "#888888";
}

/** With a unit. */
export function microseconds(us: number): string {
  return us >= 1000 ? `${us / 1000} ms` : `${us} µs`;
}

/** A scale whose decades are alike. */
export function logScale(
  low: number,
  high: number,
  from: number,
  to: number,
): (value: number) => number {
  const decades = Math.max(0.1, Math.log10(high / low));
  return (value) => from + Math.log10(Math.max(value, low) / low) / decades * (to - from);
}

/** 1, 2 and 5 of every decade that is between. */
export function logTicks(low: number, high: number): number[] {
  const ticks: number[] = [];
  for (let decade = 10 ** Math.floor(Math.log10(low)); decade <= high; decade *= 10) {
    for (const tick of [decade, 2 * decade, 5 * decade]) {
      if (tick >= low * 0.999 && tick <= high * 1.001) ticks.push(tick);
    }
  }
  return ticks;
}

/** A picture in the making. */
export class Canvas {
  readonly #parts: string[] = [];
  readonly #width: number;
  readonly #height: number;

  constructor(width: number, height: number, title: string) {
    this.#width = width;
    this.#height = height;
    this.text(20, 24, title, { size: 15 });
  }

  add(element: string): void {
    this.#parts.push(element);
  }

  text(
    x: number,
    y: number,
    text: string,
    { anchor = "start", size = 12, bold = false }: {
      readonly anchor?: "start" | "middle" | "end";
      readonly size?: number;
      readonly bold?: boolean;
    } = {},
  ): void {
    const weight = bold ? ' font-weight="bold"' : "";
    this.add(
      `<text x="${x.toFixed(1)}" y="${
        y.toFixed(1)
      }" text-anchor="${anchor}" font-size="${size}"${weight}>${escape(text)}</text>`,
    );
  }

  rule(x1: number, y1: number, x2: number, y2: number): void {
    const [a, b, c, d] = [x1, y1, x2, y2].map((value) => value.toFixed(1));
    this.add(`<line class="rule" x1="${a}" y1="${b}" x2="${c}" y2="${d}"/>`);
  }

  legend(x: number, y: number, entries: readonly Named[]): void {
    entries.forEach(({ name }, i) => {
      const row = y + i * 20;
      this.add(
        `<rect x="${x}" y="${row - 9}" width="16" height="8" rx="2" fill="${colour(i)}"/>`,
      );
      this.text(x + 24, row, name, { bold: isOurs(name) });
    });
  }

  /** The picture as SVG. */
  toString(): string {
    return [
      `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${this.#width} ${this.#height}" font-family="system-ui, sans-serif">`,
      "<style>svg{background:#fff}text{fill:#24292f}.rule{stroke:#8884;stroke-width:1}" +
      "@media(prefers-color-scheme:dark){svg{background:#0d1117}text{fill:#e6edf3}}</style>",
      ...this.#parts,
      "</svg>",
      "",
    ].join("\n");
  }
}

/** Whether it is to be found at once. */
export function isOurs(name: string): boolean {
  return name === "hardlight" || name === "hardlight increment";
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
