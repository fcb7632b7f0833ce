/**
 * {@linkcode Log}: lines that readers can follow.
 *
 * @module
 */

const MAX_LINES = 1000;

/** The last thousand lines, and their followers. */
export class Log {
  #lines: string[] = [];
  /** Number of lines so far, including dropped ones. */
  #count = 0;
  #wakes = new Set<() => void>();

  /** Number of followers. */
  get followers(): number {
    return this.#wakes.size;
  }

  /** Lines so far. */
  get lines(): number {
    return this.#count;
  }

  /** Append a line. */
  write(line: string): void {
    this.#lines.push(line);
    this.#count++;
    if (this.#lines.length > MAX_LINES) this.#lines.shift();
    for (const wake of this.#wakes) wake();
  }

  /**
   * The last lines, then every new line until the signal aborts. A slow reader misses the oldest lines.
   *
   * The signal ends the wait for a line. A generator in an `await` cannot return: without it, the call of a reader
   * who has left would last, and keep its id, until the next line.
   */
  async *follow(last: number, signal: AbortSignal): AsyncGenerator<string> {
    let wake = (): void => {};
    const onLine = (): void => wake();
    this.#wakes.add(onLine);
    signal.addEventListener("abort", onLine);
    try {
      for (let next = this.#count - Math.min(last, this.#lines.length); !signal.aborted;) {
        const oldest = this.#count - this.#lines.length;
        next = Math.max(next, oldest);
        if (next < this.#count) yield this.#lines[next++ - oldest]!;
        else await new Promise<void>((resolve) => wake = resolve);
      }
    } finally {
      this.#wakes.delete(onLine);
      signal.removeEventListener("abort", onLine);
    }
  }
}
