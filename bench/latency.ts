/**
 * How long one waits: a call, a call that changes the state, and an event, one after the other, beside an
 * echo of the runtime's own WebSocket; over memory, `ws:` and `wss:`, every option at its default.
 *
 * Run: `deno task bench` or `bun run bench`. The output is mitata's; its JSON is written to
 * `bench/results/`. Each server is a process of its own on the same runtime.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { mkdir, writeFile } from "node:fs/promises";
import process from "node:process";
import { bench, boxplot, group, run, summary } from "mitata";
import { counter } from "../examples/counter/handler.ts";
import { Counter } from "../examples/counter/service.ts";
import { memoryPair } from "../memory.ts";
import { openHardlight, operationOf } from "./hardlight_peers.ts";
import { describeMachine, machineLines } from "./machine.ts";
import { pin } from "./pin.ts";
import { openBuiltIn } from "./raw_peers.ts";
import { ServerProcess } from "./server_process.ts";

const RESULTS = new URL("results/", import.meta.url);
const OPERATIONS = [
  ["get", "a call"],
  ["increment", "a call that changes the state"],
  ["event", "an event, there and back"],
] as const;

type RoundTrip = () => Promise<unknown>;

const machine = describeMachine(pin("2"));
console.log(`${machineLines(machine).join("\n")}\n`);
const servers: ServerProcess[] = [];

/** Compare round trips with one another: boxes, percentiles, and how many times faster. */
function compare(where: string, roundTrips: readonly (readonly [name: string, RoundTrip])[]): void {
  group(where, () =>
    boxplot(() =>
      summary(() => {
        for (const [name, roundTrip] of roundTrips) {
          bench(`${where}: ${name}`, async () => void await roundTrip());
        }
      })
    ));
}

const inMemory: [string, RoundTrip][] = [];
for (const [operation, name] of OPERATIONS) {
  const { client } = await memoryPair(Counter, counter);
  inMemory.push([name, await operationOf(client, operation)]);
}
compare("memory", inMemory);

for (const secure of [false, true]) {
  const roundTrips: [string, RoundTrip][] = [];
  const echo = await ServerProcess.start("echo", secure);
  const server = await ServerProcess.start("counter", secure);
  servers.push(echo, server);
  const raw = await openBuiltIn(echo.address);
  roundTrips.push(["a raw WebSocket echo", () => raw.call()]);
  for (const [operation, name] of OPERATIONS) {
    const peer = await openHardlight(server.address, operation);
    roundTrips.push([name, () => peer.call()]);
  }
  compare(secure ? "wss" : "ws", roundTrips);
}

const { benchmarks } = await run();
const runtime = machine.runtime.split(" ")[0]!.toLowerCase();
const file = `latency-${runtime}.json`;
await mkdir(RESULTS, { recursive: true });
await writeFile(new URL(file, RESULTS), JSON.stringify({ machine, benchmarks }, null, 2));
console.log(`\nWritten to bench/results/${file}`);
for (const server of servers) server[Symbol.dispose]();
process.exit(0);
