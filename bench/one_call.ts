/**
 * One call after the other, compared with a raw echo, cores free: `deno run -A bench/one_call.ts [pairs]`, or by Bun.
 *
 * A round trip between two cores takes up to three times as long as one on the same core, and the system moves
 * processes between cores. This dominates a ratio of figures from two pairs of processes. So both contenders are in
 * the same two processes and have short turns in changing order. A ratio is of neighbouring turns, and there are
 * several pairs of processes.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { execFileSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { connect } from "../client.ts";
import { Counter } from "../examples/counter/service.ts";
import { describeMachine, machineLines } from "./machine.ts";
import { openBuiltIn } from "./raw_peers.ts";
import { ServerProcess } from "./server_process.ts";
import { digits, median, times } from "./statistics.ts";

const ROUNDS = 16;
const TURN_MS = 60;
const WARM_UP_MS = 500;

/** The results of one pair of processes, in microseconds. */
interface Found {
  readonly raw: readonly number[];
  readonly call: readonly number[];
}

type RoundTrip = () => Promise<unknown>;

/** The median of round trips, one after the other, in microseconds. */
async function turn(roundTrip: RoundTrip, durationMs: number): Promise<number> {
  const samples: number[] = [];
  let start = performance.now();
  const end = start + durationMs;
  while (start < end) {
    await roundTrip();
    const now = performance.now();
    samples.push((now - start) * 1000);
    start = now;
  }
  return median(samples);
}

/** One pair of processes: this one, and a server. */
async function runPair(): Promise<Found> {
  using server = await ServerProcess.start("one_call", false);
  await using client = await connect(Counter, server.address.url);
  const rawPort = await client.rpc.get();
  const raw = await openBuiltIn({ url: `ws://127.0.0.1:${rawPort}/`, ca: "" });
  const contenders: readonly (readonly [RoundTrip, number[]])[] = [
    [() => raw.call(), []],
    [() => client.rpc.get(), []],
  ];
  for (const [roundTrip] of contenders) await turn(roundTrip, WARM_UP_MS);
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < contenders.length; i++) {
      const [roundTrip, medians] = contenders[(round + i) % contenders.length]!;
      medians.push(await turn(roundTrip, TURN_MS));
    }
  }
  await raw.close();
  return { raw: contenders[0]![1], call: contenders[1]![1] };
}

const spread = (values: readonly number[]): string =>
  `${digits(median(values))} (${digits(Math.min(...values))} to ${digits(Math.max(...values))})`;

function report(pairs: number): void {
  console.log(`${machineLines(describeMachine("free")).join("\n")}\n`);
  const self = fileURLToPath(import.meta.url);
  const flags = process.versions["bun"] === undefined ? ["run", "-A"] : [];
  const ratios: number[] = [];
  for (let pair = 1; pair <= pairs; pair++) {
    const args = [...flags, self, "--pair"];
    const { raw, call } = JSON.parse(
      execFileSync(process.execPath, args, { encoding: "utf8" }),
    ) as Found;
    const ratio = median(call.map((us, round) => us / raw[round]!));
    ratios.push(ratio);
    console.log(`pair ${pair}: raw ${spread(raw)} µs, a call ${spread(call)} µs, ${times(ratio)}`);
  }
  const [least, most] = [Math.min(...ratios), Math.max(...ratios)];
  console.log(`a call: ${times(median(ratios))} a raw echo (${times(least)} to ${times(most)})`);
}

if (process.argv[2] === "--pair") {
  console.log(JSON.stringify(await runPair()));
  process.exit(0);
}
report(Number(process.argv[2] ?? 9));
