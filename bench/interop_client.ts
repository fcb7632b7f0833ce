/**
 * Our client's side of `bench/interop.ts`: measures a running `custom` service, Rust's or ours, as the
 * Rust peer's `bench` does, and prints the same lines.
 *
 * @module
 */
import process from "node:process";
import { parseArgs } from "node:util";
import { connect } from "../client.ts";
import { Custom } from "../tests/interop/services.ts";
import { percentile } from "./statistics.ts";

const IN_FLIGHT = 256;
const WARM_UP_CALLS = 200;

const { values } = parseArgs({
  options: {
    port: { type: "string" },
    level: { type: "string", default: "6" },
    calls: { type: "string", default: "2000" },
  },
});
const calls = Number(values.calls);
const level = Number(values.level);
await using client = await connect(Custom, `wss://localhost:${values.port}`, {
  tls: "self-signed",
  level,
});
const { rpc } = client;

/** Makes `count` calls one after another; returns how long each took, in microseconds. */
async function lane(count: number, call: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const from = performance.now();
    await call();
    times.push((performance.now() - from) * 1000);
  }
  return times;
}

async function measure(name: string, run: () => Promise<number[]>): Promise<void> {
  const start = performance.now();
  const times = Float64Array.from(await run()).sort();
  const seconds = (performance.now() - start) / 1000;
  const summary = {
    case: name,
    level,
    calls: times.length,
    p50Us: Math.round(percentile(times, 0.5)),
    p99Us: Math.round(percentile(times, 0.99)),
    callsPerSecond: Math.round(times.length / seconds),
  };
  process.stdout.write(`${JSON.stringify(summary)}\n`);
}

const overhead = (): Promise<void> => rpc.testOverhead();
await lane(WARM_UP_CALLS, overhead);
await measure("sequential", () => lane(calls, overhead));
await measure("in_flight_256", async () => {
  const each = Math.ceil(calls / IN_FLIGHT);
  return (await Promise.all(Array.from({ length: IN_FLIGHT }, () => lane(each, overhead)))).flat();
});
await measure("state_changing", () => lane(calls / 10, () => rpc.increment({ amount: 1 })));
