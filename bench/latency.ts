/**
 * Latency of a call, a call that changes the state, an event, a stream's item and a call to the client, one after
 * the other, compared with an echo of the runtime's own WebSocket; over memory, `ws:` and `wss:`, with every option
 * at its default.
 *
 * Run: `deno task bench` or `bun run bench`, with `--record`. The output is mitata's. Each server is a process of its
 * own on the same runtime.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import process from "node:process";
import { bench, boxplot, group, run, summary } from "mitata";
import { counter } from "../examples/counter/handler.ts";
import { Counter } from "../examples/counter/service.ts";
import { type ClientOf, connect } from "../client.ts";
import { memoryPair } from "../memory.ts";
import { openHardlight, operationOf } from "./hardlight_peers.ts";
import { describeMachine, machineLines, runtimeId } from "./machine.ts";
import { pin } from "./pin.ts";
import { Progress, showing } from "./progress.ts";
import { openBuiltIn } from "./raw_peers.ts";
import { keep, type Row } from "./record.ts";
import { ServerProcess } from "./server_process.ts";
import { Talk, talk } from "./servers/talk.ts";

const OPERATIONS = [
  ["get", "a call"],
  ["increment", "a call that changes the state"],
  ["event", "an event, there and back"],
] as const;

type RoundTrip = () => Promise<unknown>;

const machine = describeMachine(pin("2"));
console.log(`${machineLines(machine).join("\n")}\n`);
const servers: ServerProcess[] = [];
/** Of memory, `ws:` and `wss:`; the latter two have the raw echo. */
const progress = new Progress(3 * (OPERATIONS.length + 2) + 2);

/** Compare round trips: boxes, percentiles, and ratios. */
function compare(where: string, roundTrips: readonly (readonly [name: string, RoundTrip])[]): void {
  group(where, () =>
    boxplot(() =>
      summary(() => {
        for (const [name, roundTrip] of roundTrips) {
          const title = `${where}: ${name}`;
          bench(title, showing(progress, title, async () => void await roundTrip()));
        }
      })
    ));
}

/** The client's side of `Talk`. */
const answers = { client: { say: () => 7 } };

/** A source with items pushed one by one. */
class Pushed {
  #push: (item: number) => void = () => {};
  readonly items = this.#generate();

  async *#generate(): AsyncGenerator<number> {
    for (;;) yield await new Promise<number>((resolve) => this.#push = resolve);
  }

  push(item: number): void {
    this.#push(item);
  }
}

async function talking({ rpc }: ClientOf<typeof Talk>): Promise<[string, RoundTrip][]> {
  const source = new Pushed();
  const items = rpc.through({ items: source.items })[Symbol.asyncIterator]();
  // The source is pulled once the server has granted credit.
  await rpc.ask();
  return [
    ["a stream's item, there and back", () => {
      source.push(7);
      return items.next();
    }],
    ["a call that calls the client", () => rpc.ask()],
  ];
}

const inMemory: [string, RoundTrip][] = [];
for (const [operation, name] of OPERATIONS) {
  const { client } = await memoryPair(Counter, counter);
  inMemory.push([name, await operationOf(client, operation)]);
}
inMemory.push(...await talking((await memoryPair(Talk, talk, { client: answers })).client));
compare("memory", inMemory);

for (const secure of [false, true]) {
  const roundTrips: [string, RoundTrip][] = [];
  const echo = await ServerProcess.start("echo", secure);
  const server = await ServerProcess.start("counter", secure);
  const other = await ServerProcess.start("talk", secure);
  servers.push(echo, server, other);
  const raw = await openBuiltIn(echo.address);
  roundTrips.push(["a raw WebSocket echo", () => raw.call()]);
  for (const [operation, name] of OPERATIONS) {
    const peer = await openHardlight(server.address, operation);
    roundTrips.push([name, () => peer.call()]);
  }
  const tls = secure ? { tls: "self-signed" as const } : {};
  roundTrips.push(...await talking(await connect(Talk, other.address.url, { ...tls, ...answers })));
  compare(secure ? "wss" : "ws", roundTrips);
}

const { benchmarks } = await run();
const rows: Row[] = [];
for (const { alias, runs } of benchmarks) {
  const stats = runs[0]?.stats;
  if (stats === undefined) continue;
  const us = (ns: number): number => ns / 1000;
  const { avg, p50, p75, p99, p999 } = stats;
  rows.push({
    name: alias,
    avgUs: us(avg),
    p50Us: us(p50),
    p75Us: us(p75),
    p99Us: us(p99),
    p999Us: us(p999),
  });
}
keep(`latency-${runtimeId(machine)}`, {
  machine,
  versions: { runtime: machine.runtime, mitata: "1.0.34" },
  settings: {},
  rows,
});
for (const server of servers) server[Symbol.dispose]();
process.exit(0);
