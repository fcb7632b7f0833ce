/**
 * Passed, failed (with the reason) and skipped cases: {@linkcode Report}.
 *
 * @module
 */

/** How many failures of a group are printed. */
const MAX_SHOWN = 5;
/** Characters of a reason that are printed. */
const MAX_REASON = 300;

interface Failure {
  readonly name: string;
  readonly reason: string;
}

interface Group {
  passed: number;
  readonly failures: Failure[];
  notRun: number;
}

/** Counts by group. */
export class Report {
  readonly #groups = new Map<string, Group>();

  #group(name: string): Group {
    let group = this.#groups.get(name);
    if (group === undefined) this.#groups.set(name, group = { passed: 0, failures: [], notRun: 0 });
    return group;
  }

  /** Record a case's result: without a reason it passed. */
  add(group: string, name: string, reason?: string): void {
    if (reason === undefined) this.#group(group).passed++;
    else this.#group(group).failures.push({ name, reason });
  }

  /** Record a skipped case. */
  skip(group: string): void {
    this.#group(group).notRun++;
  }

  /** How many cases of a group passed, failed and were not run. */
  countsOf(name: string): { passed: number; failed: number; notRun: number } {
    const { passed, failures, notRun } = this.#group(name);
    return { passed, failed: failures.length, notRun };
  }

  /** Cases that passed or failed. */
  get total(): number {
    const groups = [...this.#groups.values()];
    return groups.reduce((sum, { passed, failures }) => sum + passed + failures.length, 0);
  }

  /** Whether there are cases, and all of them passed. */
  get ok(): boolean {
    const groups = [...this.#groups.values()];
    return this.total > 0 &&
      groups.every(({ failures, notRun }) => failures.length === 0 && notRun === 0);
  }

  /** The failures as lines, then the table. */
  toString(): string {
    const lines: string[] = [];
    for (const [name, { failures }] of this.#groups) {
      for (const failure of failures.slice(0, MAX_SHOWN)) {
        lines.push(`FAILED ${name}: ${failure.name}: ${failure.reason.slice(0, MAX_REASON)}`);
      }
      const more = failures.length - MAX_SHOWN;
      if (more > 0) lines.push(`FAILED ${name}: ${more} more`);
    }
    const row = (name: string, ...counts: readonly (string | number)[]): string =>
      name.padEnd(14) + counts.map((count) => String(count).padStart(9)).join("");
    lines.push(row("group", "passed", "failed", "not run"));
    for (const [name, { passed, failures, notRun }] of this.#groups) {
      lines.push(row(name, passed, failures.length, notRun));
    }
    return lines.join("\n");
  }
}
