/**
 * Options of `deno task bench:all` and `bun run bench:all`.
 *
 * @module
 */
import process from "node:process";
import type { Cores } from "./pin.ts";

/** The parts of the benchmark. */
export const SUITES = [
  "rpc",
  "clients",
  "connect",
  "startup",
  "bytes",
  "payload",
  "fan-out",
  "codec",
] as const;
/** One of them. */
export type Suite = typeof SUITES[number];

/** How to run. */
export interface Options {
  /** Which parts. */
  readonly only: readonly Suite[];
  /** How often each contender has its turn. */
  readonly rounds: number;
  /** How long one turn of sequential calls is, in milliseconds. */
  readonly latencyMs: number;
  /** How long one turn of calls in flight is, in milliseconds. */
  readonly floodMs: number;
  /** How many connections one turn opens. */
  readonly connects: number;
  /** Which cores to run on. */
  readonly cores: Cores;
  /** Fewer and shorter turns. */
  readonly quick: boolean;
}

/** How many seconds each part took with `--quick`, on two cores. */
const QUICK_SECONDS: Readonly<Record<Suite, number>> = {
  rpc: 9.5,
  clients: 2.7,
  connect: 2.4,
  startup: 1.4,
  bytes: 0.3,
  payload: 4,
  "fan-out": 7,
  codec: 8,
};

/** The approximate duration of each part. */
export function expectedSeconds(options: Options): Map<string, number> {
  const { only, rounds, floodMs } = options;
  // A round more warms up; turns are longer without --quick.
  const factor = (rounds + 1) / 4 * (floodMs / 40);
  return new Map(only.map((suite) => [
    suite,
    QUICK_SECONDS[suite] * (suite === "codec" || suite === "bytes" ? 1 : factor),
  ]));
}

/** Read the command line. */
export function readOptions(args: readonly string[] = process.argv.slice(2)): Options {
  const only: Suite[] = [];
  let rounds: number | undefined;
  let quick = false;
  let cores: Cores = "2";
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === "--quick") quick = true;
    else if (arg === "--record") continue;
    else if (arg === "--rounds") rounds = positive(arg, rest.shift());
    else if (arg === "--cores") cores = coresOf(rest.shift());
    else if (arg === "--only") {
      for (const name of (rest.shift() ?? "").split(",")) only.push(suite(name));
    } else {
      throw new TypeError(
        `Unknown option ${arg}: expected --quick, --record, --rounds <number>, --cores <1|2|free>, ` +
          `--only <${SUITES.join(",")}>`,
      );
    }
  }
  return {
    only: only.length === 0 ? SUITES : only,
    rounds: rounds ?? (quick ? 3 : 7),
    latencyMs: quick ? 60 : 250,
    floodMs: quick ? 40 : 150,
    connects: quick ? 5 : 15,
    cores,
    quick,
  };
}

function coresOf(text: string | undefined): Cores {
  if (text === "1" || text === "2" || text === "free") return text;
  throw new TypeError("Expected 1, 2 or free after --cores");
}

function positive(name: string, text: string | undefined): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new TypeError(`Expected a number after ${name}`);
  return value;
}

function suite(name: string): Suite {
  const found = SUITES.find((each) => each === name);
  if (found === undefined) {
    throw new TypeError(`Unknown part "${name}": expected ${SUITES.join(", ")}`);
  }
  return found;
}
