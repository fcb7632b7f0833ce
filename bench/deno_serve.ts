/**
 * `serve()` on Deno, compared with a mount on `Deno.serve`, and both with an echo on a bare `Deno.serve`:
 * `deno run -A bench/deno_serve.ts [--rounds 5] [--cores 2] [--only ws,wss,memory,hostile] [--quick] [--record]`.
 *
 * Each server has its own process, and a turn in each round; each round begins with another. By default client and
 * server have a core each, as on two machines: where the system moves them, the same call takes 25 or 60 µs.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import process from "node:process";
import { connect } from "../client.ts";
import type { ClientOf } from "../client.ts";
import { ALIAS, EXTENDED } from "../wire/handshake.ts";
import { PlainPeer, Raw } from "./deno_serve_clients.ts";
import { HOSTILE } from "./deno_serve_hostile.ts";
import { measureIdle } from "./idle_memory.ts";
import { describeMachine, machineLines } from "./machine.ts";
import { type Cores, pin } from "./pin.ts";
import { Progress } from "./progress.ts";
import { keep, type Row } from "./record.ts";
import { type Address, ServerProcess } from "./server_process.ts";
import { Desk } from "./servers/deno_serve.ts";
import { digits, median, percentile, times } from "./statistics.ts";
import { formatTable } from "./table.ts";
import { commandFor } from "./watched_server.ts";

const args = process.argv.slice(2);
const option = (name: string, fallback: string): string => {
  const at = args.indexOf(`--${name}`);
  return at === -1 ? fallback : args[at + 1] ?? fallback;
};
const quick = args.includes("--quick");
const rounds = Number(option("rounds", quick ? "2" : "5"));
const only = option("only", "ws,wss,memory,hostile").split(",");
const CALLS = quick ? 400 : 2000;
const IN_FLIGHT = 256;
const FLOOD_MS = quick ? 150 : 500;
const SUBSCRIBERS = 100;
const EVENTS = 200;
const CONNECTS = quick ? 40 : 200;
/** Each takes a mount 44 ms. */
const SLOW_CALLS = 20;
const CONNECTIONS = 3000;
const WAYS = ["raw", "serve", "mount"] as const;
type Way = typeof WAYS[number];

/** Values of each round, by row. */
const results = new Map<string, Record<Way, number[]>>();
/** Below 0 while all warm up: those values do not count. */
let round = -1;
function note(row: string, way: Way, value: number): void {
  let ways = results.get(row);
  if (ways === undefined) results.set(row, ways = { raw: [], serve: [], mount: [] });
  if (round >= 0) ways[way].push(value);
}

/** Microseconds of each of many calls, one after the other. */
async function latencies(call: () => Promise<unknown>, count: number): Promise<Float64Array> {
  const all = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await call();
    all[i] = (performance.now() - start) * 1000;
  }
  return all.sort();
}

const middle = async (call: () => Promise<unknown>, count: number): Promise<number> =>
  percentile(await latencies(call, count), 0.5);

async function perSecond(call: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  const end = start + FLOOD_MS;
  let count = 0;
  await Promise.all(Array.from({ length: IN_FLIGHT }, async () => {
    for (; performance.now() < end; count++) await call();
  }));
  return count / (performance.now() - start) * 1000;
}

/** What one connection of a contender does. */
interface Peer {
  call(): Promise<unknown>;
  /** Absent where there is no state. */
  change?(): Promise<unknown>;
  publish(): Promise<unknown>;
  /** The next event. */
  next(): Promise<unknown>;
  close(): unknown;
}

type DeskClient = ClientOf<typeof Desk>;

async function openOurs({ url, ca }: Address): Promise<Peer> {
  const client: DeskClient = await connect(Desk, url, ca === "" ? {} : { tls: { ca } });
  const events = client.events();
  return {
    call: () => client.rpc.add({ a: 1, b: 2 }),
    change: () => client.rpc.count(),
    publish: () => client.rpc.publish(),
    next: () => events.next(),
    close: () => client.close(),
  };
}

/** One way's turn over one scheme. */
async function measure(scheme: string, way: Way, address: Address): Promise<void> {
  const open = way === "raw" ? Raw.open : openOurs;
  const see = (row: string, value: number): void => note(`${scheme}: ${row}`, way, value);
  const peer: Peer = await open(address);
  const sorted = await latencies(() => peer.call(), CALLS);
  see("a call, p50, µs", percentile(sorted, 0.5));
  see("a call, p99, µs", percentile(sorted, 0.99));
  see("256 in flight, calls a second", await perSecond(() => peer.call()));
  const { change } = peer;
  const plain = change && await PlainPeer.open(address);
  // The echo has no state; its rows are there nevertheless, in their place.
  see("a call that changes state, p50, µs", change ? await middle(change, CALLS / 10) : NaN);
  see(
    "a call that changes state, of a peer without `x1`, p50, µs",
    plain ? await middle(() => plain.call(), SLOW_CALLS) : NaN,
  );
  plain?.close();
  const crowd = await Promise.all(Array.from({ length: SUBSCRIBERS }, () => open(address)));
  const publish = () => Promise.all([peer.publish(), ...crowd.map((each) => each.next())]);
  see("an event to 100 connections, p50, µs", await middle(publish, EVENTS));
  for (const each of [...crowd, peer]) await each.close();
  const dials = new Float64Array(CONNECTS);
  for (let i = 0; i < CONNECTS; i++) {
    const start = performance.now();
    const dialed = await open(address);
    dials[i] = (performance.now() - start) * 1000;
    await dialed.close();
  }
  see("connecting, p50, µs", percentile(dials.sort(), 0.5));
}

const machine = describeMachine(pin(option("cores", "2") as Cores));
console.log(`${machineLines(machine).join("\n")}\n`);
const script = new URL("servers/deno_serve.ts", import.meta.url);
using servers = new DisposableStack();
async function start(way: Way, ...flags: string[]): Promise<ServerProcess> {
  return servers.use(await ServerProcess.run(script, ["--way", way, ...flags]));
}

const schemes = (["ws", "wss"] as const).filter((scheme) => only.includes(scheme));
const withMemory = only.includes("memory");
const progress = new Progress(
  schemes.length * (rounds + 1) * 3 + (withMemory ? 6 * rounds : 0) +
    (only.includes("hostile") ? 6 : 0),
);
/** Each way in each round, in a rotated order. */
async function inTurns(from: number, turn: (way: Way) => Promise<void>): Promise<void> {
  for (round = from; round < rounds; round++) {
    for (let i = 0; i < WAYS.length; i++) await turn(WAYS[(i + round + 1) % WAYS.length]!);
  }
}

const running: Record<string, Address> = {};
for (const scheme of schemes) {
  for (const way of WAYS) {
    const { address } = await start(way, ...(scheme === "wss" ? ["--tls"] : []));
    running[scheme + way] = address;
  }
}
await inTurns(-1, async (way) => {
  for (const scheme of schemes) {
    progress.step(`${scheme}, ${way}, round ${round + 1} of ${rounds}`);
    await measure(scheme, way, running[scheme + way]!);
  }
});
if (withMemory) {
  const kinds = { raw: "raw", serve: "hardlight", mount: "mounted" };
  await inTurns(0, async (way) => {
    for (const scheme of ["ws", "wss"]) {
      progress.step(`memory, ${scheme}, ${way}, round ${round + 1} of ${rounds}`);
      const { called } = await measureIdle(commandFor("deno"), kinds[way], {
        connections: CONNECTIONS,
        secure: scheme === "wss",
        protocols: `${ALIAS}, ${EXTENDED}`,
      });
      note(`${scheme}: resident memory of an idle connection, bytes`, way, called.rss);
    }
  });
}
const answers = new Map<string, Partial<Record<Way, string>>>();
if (only.includes("hostile")) {
  for (const way of ["serve", "mount"] as const) {
    for (const [row, ask] of HOSTILE) {
      progress.step(`${way}: ${row}`, 0.5);
      // What one question leaves behind must not be the next one's answer.
      using server = await ServerProcess.run(script, ["--way", way, "--strict"]);
      const answer = await ask(server);
      answers.set(row, {
        ...answers.get(row),
        [way]: answer === undefined ? "–" : answer ? "yes" : "no",
      });
    }
  }
}
progress.end();

/** A ratio within each round. */
const ratio = (ways: Record<Way, number[]>, way: Way, to: Way): number =>
  median(ways[way].map((value, i) => value / ways[to][i]!));
const rows = [
  ...[...results].map(([name, ways]) => ({
    name,
    raw: median(ways.raw),
    serve: median(ways.serve),
    "serve ÷ raw": ratio(ways, "serve", "raw"),
    mount: median(ways.mount),
    "mount ÷ raw": ratio(ways, "mount", "raw"),
    "serve ÷ mount": ratio(ways, "serve", "mount"),
  })),
  ...[...answers].map(([name, { serve = "–", mount = "–" }]) => ({ name, serve, mount })),
];
const columns = ["name", "raw", "serve", "serve ÷ raw", "mount", "mount ÷ raw", "serve ÷ mount"];
console.log(formatTable({
  title: "`serve()` on Deno, and a mount on `Deno.serve`",
  columns,
  rows: rows.map((row) =>
    columns.map((of) => {
      const value = (row as Row)[of];
      if (typeof value !== "number") return value ?? "–";
      return of.includes("÷") ? times(value) : digits(value);
    })
  ),
}));
keep("deno-serve", {
  machine,
  versions: { runtime: machine.runtime },
  settings: { rounds, connections: CONNECTIONS, quick },
  rows,
});
process.exit(0);
