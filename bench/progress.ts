/**
 * {@linkcode Progress}: the progress of a long benchmark, and its remaining time.
 *
 * @module
 */
import process from "node:process";

/** Below this progress an estimate would be a guess. */
const LEAST_PART = 0.03;

/** Counts steps of about equal duration, and shows them on stderr. */
export class Progress {
  readonly #start = performance.now();
  readonly #steps: number;
  #done = 0;

  /** How many steps there will be. */
  constructor(steps: number) {
    this.#steps = steps;
  }

  /** A step begins. */
  step(text: string, weight = 1): void {
    show(`${text} (${Math.round(this.#done / this.#steps * 100)} %${this.#left()})`);
    this.#done += weight;
  }

  /** Nothing more. */
  end(): void {
    show("");
  }

  #left(): string {
    const part = this.#done / this.#steps;
    if (part < LEAST_PART) return "";
    const seconds = (performance.now() - this.#start) / 1000 * (1 / part - 1);
    return `, ${timeLeft(seconds)}`;
  }
}

/** A benchmark for mitata that shows the progress while it runs, and nothing when mitata prints its line. */
export function showing(
  progress: Progress,
  name: string,
  run: () => unknown,
): () => AsyncGenerator<() => unknown> {
  return async function* () {
    progress.step(name);
    yield run;
    progress.end();
  };
}

/** Parts of a run that take as long as was seen on another machine, or in proportion to it. */
export class Plan {
  readonly #start = performance.now();
  readonly #seconds: ReadonlyMap<string, number>;
  readonly #ended = new Set<string>();
  #part = "";
  #partStart = 0;

  /** The parts in order, and how many seconds each took. */
  constructor(seconds: ReadonlyMap<string, number>) {
    this.#seconds = seconds;
    plan = this;
  }

  /** A part begins; the one before is over. */
  begin(part: string): void {
    this.#ended.add(this.#part);
    this.#part = part;
    this.#partStart = performance.now();
  }

  /** The remaining time, if the rest is as much slower as the finished parts. */
  left(): string {
    let before = 0;
    let after = 0;
    for (const [part, seconds] of this.#seconds) {
      if (this.#ended.has(part)) before += seconds;
      else after += seconds;
    }
    const now = performance.now();
    const factor = before === 0 ? 1 : (this.#partStart - this.#start) / 1000 / before;
    return timeLeft(after * factor - (now - this.#partStart) / 1000);
  }
}

let plan: Plan | undefined;

/** Shows the progress of a run on stderr. */
export function progress(text: string): void {
  show(text === "" || plan === undefined ? text : `${text} (${plan.left()})`);
}

/** In words. */
export function timeLeft(seconds: number): string {
  if (seconds < 90) return `about ${Math.max(1, Math.round(seconds))} s left`;
  return `about ${Math.round(seconds / 60)} min left`;
}

function show(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`);
  else if (text !== "") process.stderr.write(`${text}\n`);
}
