/**
 * The rows: the tasks of each contender, and their results as ratios to the raw echo of the same round.
 *
 * @module
 */
import type { Row } from "../record.ts";
import { median, percentile } from "../statistics.ts";
import type { Operation } from "./rpc/types.ts";
import type { Question } from "./rpc_client.ts";
import type { Contender, FloodTurn, LatencyTurn } from "./rpc_contender.ts";
import type { RustTurn } from "./rpc_rust.ts";

/** Something many times at once. */
export interface Flood {
  /** The column of the record. */
  readonly name: string;
  /** The required feature of a contender. */
  readonly needs: Operation | "events";
  readonly ask: (ms: number) => Question & { readonly ask: "flood" | "crowd-flood" | "fan-out" };
}

const flood = (name: string, what: Operation, inFlight: number): Flood => ({
  name,
  needs: what,
  ask: (ms) => ({ ask: "flood", what, inFlight, ms }),
});

const crowd = (name: string, what: Operation, clients: number, inFlight: number): Flood => ({
  name,
  needs: what,
  ask: (ms) => ({ ask: "crowd-flood", what, clients, inFlight, ms }),
});

/** All of them. */
export const FLOODS: readonly Flood[] = [
  flood("add16", "add", 16),
  flood("add256", "add", 256),
  flood("echo16", "echo", 16),
  flood("say16", "say", 16),
  { name: "fanOut", needs: "events", ask: (ms) => ({ ask: "fan-out", inFlight: 16, ms }) },
  // What SpacetimeDB publishes: https://github.com/clockworklabs/SpacetimeDB, templates/keynote-2.
  crowd("add64x40", "add", 64, 40),
  // What oRPC publishes: https://github.com/middleapi/orpc-benchmarks, benchmarks/ws-orpc and ws-trpc.
  crowd("hello10x1", "hello", 10, 1),
];

/** Contenders with a separate row for their calls. */
export const CALLS_ONLY: readonly string[] = ["raw-own", "hardlight-state", "hardlight-tls"];

/** Whether a contender takes part. */
export function takesPart({ id, abilities }: Contender, { name, needs }: Flood): boolean {
  if (CALLS_ONLY.includes(id) && !name.startsWith("add")) return false;
  return abilities.includes(needs);
}

const part = (of: number) => ({ samples }: LatencyTurn): number =>
  percentile(samples.toSorted(), of);
const rate = ({ perSecond }: FloodTurn): number => perSecond;

/** The median over rounds of a ratio that is formed within each. */
function ratio(above: readonly number[] = [], below: readonly number[] = []): number | null {
  if (above.length === 0 || below.length === 0) return null;
  return median(above.map((value, round) => value / (below[round] ?? NaN)));
}

const middle = (values: readonly number[] = []): number | null =>
  values.length === 0 ? null : median(values);

/** A row of the record for each contender. `…X` is a multiple of the raw echo's. */
export function rowsOf(contenders: readonly Contender[], rust: readonly RustTurn[]): Row[] {
  const raw = contenders.find(({ id }) => id === "raw");
  const rawP50 = raw?.latency.map(part(0.5));
  const rows = contenders.map((each): Row => {
    const row: Record<string, string | number | null> = {
      id: each.id,
      name: each.name,
      p50Us: middle(each.latency.map(part(0.5))),
      p50X: ratio(each.latency.map(part(0.5)), rawP50),
      p90Us: middle(each.latency.map(part(0.9))),
      p99Us: middle(each.latency.map(part(0.99))),
      cpuUs: middle(each.latency.map(({ cpuUs }) => cpuUs)),
    };
    for (const { name } of FLOODS) {
      const turns = each.floods.get(name);
      row[name] = middle(turns?.map(rate));
      row[`${name}X`] = ratio(turns?.map(rate), raw?.floods.get(name)?.map(rate));
    }
    const fanOut = each.floods.get("fanOut")?.map(({ serverUs }) => serverUs);
    row["fanOutServerUs"] = middle(fanOut);
    row["fanOutServerX"] = ratio(
      fanOut,
      raw?.floods.get("fanOut")?.map(({ serverUs }) => serverUs),
    );
    row["eventUs"] = middle(each.events.map(part(0.5)));
    row["eventX"] = ratio(each.events.map(part(0.5)), raw?.events.map(part(0.5)));
    row["connectMs"] = middle(each.connectMs);
    row["bytesUp"] = each.bytesUp;
    row["bytesDown"] = each.bytesDown;
    return row;
  });
  if (rust.length > 0) {
    const p50 = rust.map(({ p50Us }) => p50Us);
    const perSecond = rust.map((turn) => turn.perSecond);
    rows.push({
      id: "rust",
      name: "hardlight 2.0.0 in Rust, TLS",
      p50Us: median(p50),
      p50X: ratio(p50, rawP50),
      add256: median(perSecond),
      add256X: ratio(perSecond, raw?.floods.get("add256")?.map(rate)),
    });
  }
  return rows;
}
