/**
 * {@linkcode processorTimes}: the processor time of a process, without that of others on the same machine.
 *
 * @module
 */
import { readFileSync } from "node:fs";

/** Times of a process's main thread. */
export interface ProcessorTimes {
  /** Milliseconds for which it ran. */
  readonly ranMs: number;
  /** Milliseconds for which it could have run, and others did. */
  readonly waitedMs: number;
}

/** As Linux counts them; elsewhere a thread that never waits. */
export function processorTimes(pid: number | "self"): ProcessorTimes {
  try {
    const [ran, waited] = readFileSync(`/proc/${pid}/schedstat`, "utf8").split(" ");
    return { ranMs: Number(ran) / 1e6, waitedMs: Number(waited) / 1e6 };
  } catch {
    return { ranMs: performance.now(), waitedMs: 0 };
  }
}
