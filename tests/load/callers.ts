/**
 * Connections that all call at once, for a minute: no call may fail, and the 99th percentile must stay
 * within its bound in each window of ten seconds. The server is another process.
 *
 *     deno run -A tests/load/callers.ts [deno|bun] [--connections 1000] [--seconds 60]
 *
 * @module
 */
// deno-lint-ignore-file no-console
import process from "node:process";
import { type Client, connect } from "../../client.ts";
import { Counter } from "../../examples/counter/service.ts";
import { RpcError } from "../../mod.ts";
import type { MethodsOf, StateOf } from "../../service/mod.ts";
import { type RuntimeId, start } from "../support/runtimes.ts";
import { numberOption, percentile } from "./support.ts";

const runtime: RuntimeId = process.argv.includes("bun") ? "bun" : "deno";
const connections = numberOption("connections", 1000);
const seconds = numberOption("seconds", 60);
const MAX_P99_MS = numberOption("p99", 250);

type CounterClient = Client<MethodsOf<typeof Counter>, StateOf<typeof Counter>, unknown>;

await using program = await start(runtime, "support/counter_server.ts", "plain");
const { url } = JSON.parse(program.firstLine);
const clients: CounterClient[] = [];
for (let i = 0; i < connections; i++) {
  clients.push(await connect(Counter, url, { reconnect: false }));
}

let samples: number[] = [];
let calls = 0;
let wrong = 0;
const errors: Record<string, number> = {};
const endsAt = performance.now() + seconds * 1000;

async function caller(client: CounterClient): Promise<void> {
  for (let expected = 1; performance.now() < endsAt; expected++) {
    const startedAt = performance.now();
    try {
      await client.rpc.increment({ amount: 1 });
      if (client.state.current.counter !== expected) wrong++;
    } catch (error) {
      const code = error instanceof RpcError ? error.code : "other";
      errors[code] = (errors[code] ?? 0) + 1;
      return;
    }
    calls++;
    samples.push(performance.now() - startedAt);
  }
}

let bounded = true;
console.log("| until (s) |   calls | p50 (ms) | p99 (ms) | max (ms) |");
console.log("| --------: | ------: | -------: | -------: | -------: |");
function report(): void {
  const sorted = Float64Array.from(samples).sort();
  samples = [];
  const at = (part: number): string => percentile(sorted, part).toFixed(1);
  const until = Math.round(seconds - (endsAt - performance.now()) / 1000);
  console.log(`| ${until} | ${sorted.length} | ${at(0.5)} | ${at(0.99)} | ${at(1)} |`);
  if (percentile(sorted, 0.99) > MAX_P99_MS) bounded = false;
}
const timer = setInterval(report, 10_000);
await Promise.all(clients.map(caller));
clearInterval(timer);
if (samples.length > connections) report();
await Promise.all(clients.map((client) => client.close()));
const failed = Object.values(errors).reduce((sum, count) => sum + count, 0);
console.log(
  `\n${connections} connections, server on ${runtime}: ${calls} calls, ${failed} failed, ` +
    `${wrong} with a state that was late`,
  errors,
);
const good = failed + wrong === 0 && calls >= connections && bounded;
console.log(good ? `no error, p99 below ${MAX_P99_MS} ms` : "FAILED");
process.exitCode = good ? 0 : 1;
