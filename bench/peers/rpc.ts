/**
 * HardLight's calls beside other ways to call over the network, in one run: `deno task bench:peers`, or
 * `bun bench/peers/rpc.ts` after `npm install` in this folder. `--quick`, `--rounds 5`, `--cores 1`,
 * `--only hardlight,trpc`.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { mkdir, writeFile } from "node:fs/promises";
import process from "node:process";
import { describeMachine, machineLines } from "../machine.ts";
import { floodWith, type Peer } from "../peer.ts";
import { type Cores, pin } from "../pin.ts";
import { openBuiltIn, openOwn } from "../raw_peers.ts";
import { type FloodTurn, floodTurn, type LatencyTurn, latencyTurn, progress } from "../rounds.ts";
import { ServerProcess } from "../server_process.ts";
import { digits, median, percentile, pool, times } from "../statistics.ts";
import { barChart, type Bars, percentileChart } from "../svg.ts";
import { formatTable } from "../table.ts";
import { RPC_PEERS } from "./rpc_peers.ts";

const RESULTS = new URL("../results/", import.meta.url);
const DEPTHS: readonly number[] = [16, 64, 256];

const option = (name: string): string | undefined => {
  const at = process.argv.indexOf(name);
  return at === -1 ? undefined : process.argv[at + 1];
};
const quick = process.argv.includes("--quick");
const rounds = Number(option("--rounds") ?? (quick ? 3 : 7));
const latencyMs = quick ? 100 : 250;
const floodMs = quick ? 60 : 150;
const only = option("--only")?.toLowerCase().split(",");

interface Contender {
  readonly name: string;
  readonly setup: string;
  readonly server: ServerProcess;
  readonly peer: Peer;
  latency: LatencyTurn[];
  floods: FloodTurn[][];
}

const machine = describeMachine(pin((option("--cores") ?? "2") as Cores));
const runtime = machine.runtime.startsWith("Bun") ? "bun" : "deno";
console.log(`\n${machineLines(machine).join("\n")}\n`);

using servers = new DisposableStack();
const contenders: Contender[] = [];
const absent: string[] = [];

function enter(
  name: string,
  setup: string,
  server: ServerProcess,
  peer: Peer,
): void {
  contenders.push({
    name,
    setup,
    server,
    peer,
    latency: [],
    floods: DEPTHS.map(() => []),
  });
}

const echo = servers.use(await ServerProcess.start("echo", false));
enter(
  "raw echo",
  "32 bytes there and back, HardLight's transport",
  echo,
  await openOwn(echo.address),
);
enter(
  "raw echo, built-in client",
  "32 bytes there and back, the runtime's `WebSocket`",
  echo,
  await openBuiltIn(echo.address),
);
for (const [index, { name, setup, open }] of RPC_PEERS.entries()) {
  if (
    only !== undefined &&
    !only.some((part) => name.toLowerCase().includes(part))
  ) continue;
  try {
    const server = servers.use(
      await ServerProcess.run(new URL("rpc_server.ts", import.meta.url), [
        `${index}`,
      ]),
    );
    const client = await open(Number(new URL(server.address.url).port));
    if (await client.add(41) !== 42) {
      throw new Error("it answered something else");
    }
    const call = (): Promise<number> => client.add(1);
    enter(name, setup, server, {
      call,
      flood: (inFlight, durationMs) => floodWith(call, inFlight, durationMs),
      close: async () => {
        await client.close();
      },
    });
  } catch (error) {
    absent.push(
      `${name} does not run on ${machine.runtime}: ${String(error).slice(0, 100)}`,
    );
  }
}

async function turn(
  { peer, server, latency, floods }: Contender,
): Promise<void> {
  latency.push(await latencyTurn(peer, server, latencyMs));
  for (const [i, flood] of floods.entries()) {
    flood.push(await floodTurn(peer, server, DEPTHS[i] ?? 1, floodMs));
  }
}

progress("warming up");
for (const contender of contenders) {
  await turn(contender);
  contender.latency = [];
  contender.floods = DEPTHS.map(() => []);
}
for (let round = 0; round < rounds; round++) {
  progress(`round ${round + 1} of ${rounds}`);
  for (let i = 0; i < contenders.length; i++) {
    const contender = contenders[(i + round) % contenders.length];
    if (contender !== undefined) await turn(contender);
  }
}
progress("");

const ours = contenders.find(({ name }) => name === "hardlight");
if (ours === undefined) throw new Error("HardLight did not run");
const p = (part: number) => ({ samplesUs }: LatencyTurn): number =>
  percentile(samplesUs.slice().sort(), part);

/** The median over rounds of what each took, in the same round, as a multiple of ours. */
function toOurs<T>(
  theirs: readonly T[],
  own: readonly T[],
  of: (turn: T) => number,
): number {
  return median(theirs.map((each, i) => of(each) / of(own[i] as T)));
}

const cpu = ({ cpu: { client, server } }: LatencyTurn | FloodTurn): number => client + server;
const rate = ({ perSecond }: FloodTurn): number => perSecond;
const rows = contenders.map(({ name, latency, floods }) => [
  name,
  digits(median(latency.map(p(0.5)))),
  times(toOurs(latency, ours.latency, p(0.5))),
  digits(median(latency.map(p(0.99)))),
  digits(median(latency.map(cpu))),
  ...floods.map((turns) => digits(median(turns.map(rate)))),
  times(
    1 /
      toOurs(
        floods[floods.length - 1] ?? [],
        ours.floods[ours.floods.length - 1] ?? [],
        rate,
      ),
  ),
]);
const table = formatTable({
  title: `Calls, ${machine.runtime}`,
  columns: [
    "",
    "p50 µs",
    "÷ hardlight",
    "p99 µs",
    "CPU µs",
    ...DEPTHS.map((depth) => `${depth} in flight /s`),
    "hardlight ÷",
  ],
  rows,
  notes: absent,
});
console.log(table);

const curves = contenders.map(({ name, latency }) => ({
  name,
  sortedUs: pool(latency.map(({ samplesUs }) => samplesUs)),
}));
const bars: Bars[] = contenders.map(({ name, floods }) => ({
  name,
  values: floods.map((turns) => median(turns.map(rate))),
}));
const files: Readonly<Record<string, string>> = {
  [`peers-${runtime}.md`]: [...machineLines(machine), "", table].join("\n"),
  [`peers-${runtime}.json`]: JSON.stringify(
    {
      machine,
      rounds,
      contenders: contenders.map(({ name, setup, latency, floods }) => ({
        name,
        setup,
        p50: latency.map(p(0.5)),
        p99: latency.map(p(0.99)),
        cpu: latency.map(cpu),
        floods: floods.map((turns) => turns.map(rate)),
      })),
    },
    null,
    2,
  ),
  [`peers-${runtime}-latency.svg`]: percentileChart(
    `${machine.runtime}: one call after the other`,
    curves,
  ),
  [`peers-${runtime}-throughput.svg`]: barChart(
    `${machine.runtime}: calls per second`,
    DEPTHS.map((depth) => `${depth} in flight`),
    bars,
  ),
};
await mkdir(RESULTS, { recursive: true });
for (const [name, text] of Object.entries(files)) {
  await writeFile(new URL(name, RESULTS), text);
}
console.log(`Written to bench/results/: ${Object.keys(files).join(", ")}`);
servers.dispose();
process.exit(0);
