/**
 * A histogram of latencies, drawn as it grows.
 *
 * @module
 */
/// <reference lib="dom" />

/** The scale is logarithmic: each decade has this many bars. */
const BARS_A_DECADE = 12;
/** Milliseconds at the left end. */
const MIN_MS = 0.1;
const DECADES = 3;
const BARS = DECADES * BARS_A_DECADE;

/** Counts latencies by bar. */
export class Histogram {
  readonly #counts = new Array<number>(BARS).fill(0);
  readonly #bars: readonly HTMLElement[];
  readonly #element: HTMLElement;
  #last = 0;
  /** The number of latencies. */
  total = 0;

  /** Draw into an element, and its scale into another. */
  constructor(element: HTMLElement, scale: HTMLElement) {
    this.#element = element;
    this.#bars = this.#counts.map(() => element.appendChild(document.createElement("i")));
    for (let decade = 0; decade <= DECADES; decade++) {
      scale.appendChild(document.createElement("span")).textContent = formatMs(
        MIN_MS * 10 ** decade,
      );
    }
  }

  /** Count one. */
  add(ms: number): void {
    const bar = Math.floor(Math.log10(ms / MIN_MS) * BARS_A_DECADE);
    this.#last = Math.min(BARS - 1, Math.max(0, bar));
    this.#counts[this.#last]! += 1;
    this.total++;
  }

  /** Redraw the bars. */
  draw(): void {
    const most = Math.max(...this.#counts);
    this.#bars.forEach((bar, index) => {
      const count = this.#counts[index]!;
      bar.style.height = count === 0 ? "0" : `${Math.max(2, 100 * count / most)}%`;
      bar.classList.toggle("last", index === this.#last);
    });
    this.#element.ariaLabel = `${this.total} calls, median ${this.quantile(0.5)}`;
  }

  /** The quantile `q`, to the width of a bar. */
  quantile(q: number): string {
    if (this.total === 0) return "–";
    let seen = 0;
    const bar = this.#counts.findIndex((count) => (seen += count) >= q * this.total);
    return formatMs(MIN_MS * 10 ** ((bar + 0.5) / BARS_A_DECADE));
  }
}

function formatMs(ms: number): string {
  return ms < 1 ? `${Math.round(ms * 1000)} µs` : `${Number(ms.toPrecision(2))} ms`;
}
