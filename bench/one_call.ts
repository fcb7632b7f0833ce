/**
 * One call after the other, and one event after the other to 100 connections, compared with the runtime's own
 * WebSockets (on Node those of `ws`), cores free: `deno run -A bench/one_call.ts [pairs] [--runtimes deno,bun,node]`.
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
import { parseArgs } from "node:util";
import { connect } from "../client.ts";
import { commandOf, THIS_RUNTIME } from "../tests/support/runtimes.ts";
import { describeMachine, machineLines } from "./machine.ts";
import { buildForNode, removeBuilt } from "./on_node.ts";
import { EVENT_BYTES, OneCall } from "./one_call_service.ts";
import { Progress } from "./progress.ts";
import { openBuiltIn } from "./raw_peers.ts";
import { ServerProcess } from "./server_process.ts";
import { digits, median, times } from "./statistics.ts";

const ROUNDS = 16;
const TURN_MS = 60;
const WARM_UP_MS = 500;
const CONNECTIONS = 100;

/** One turn: the median round trip, and CPU time of a round trip, in microseconds. */
interface Turn {
  readonly us: number;
  readonly clientUs: number;
  readonly serverUs: number;
}

/** What is compared in one pair of processes: turns of the raw socket, and of hardlight. */
type Compared = readonly [raw: Turn[], ours: Turn[]];

type RoundTrip = () => Promise<unknown>;

/** Round trips, one after the other. */
async function turn(
  roundTrip: RoundTrip,
  server: ServerProcess,
  durationMs: number,
): Promise<Turn> {
  const samples: number[] = [];
  const serverStart = await server.cpuUs();
  const clientStart = process.cpuUsage();
  let start = performance.now();
  const end = start + durationMs;
  while (start < end) {
    await roundTrip();
    const now = performance.now();
    samples.push((now - start) * 1000);
    start = now;
  }
  const { user, system } = process.cpuUsage(clientStart);
  return {
    us: median(samples),
    clientUs: (user + system) / samples.length,
    serverUs: (await server.cpuUs() - serverStart) / samples.length,
  };
}

async function compare(server: ServerProcess, raw: RoundTrip, ours: RoundTrip): Promise<Compared> {
  const ways = [raw, ours];
  const found: Compared = [[], []];
  for (const way of ways) await turn(way, server, WARM_UP_MS);
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < ways.length; i++) {
      const at = (round + i) % ways.length;
      found[at]!.push(await turn(ways[at]!, server, TURN_MS));
    }
  }
  return found;
}

/** Counts what arrives at many connections; a round trip ends with the last. */
class Crowd {
  #missing = 0;
  #resolve: () => void = () => {};

  readonly hear = (): void => {
    if (--this.#missing === 0) this.#resolve();
  };

  round(trigger: () => void): Promise<void> {
    this.#missing = CONNECTIONS;
    return new Promise((resolve) => {
      this.#resolve = resolve;
      trigger();
    });
  }
}

/** The runtime's `WebSocket`; Node has none in version 20. */
async function socketClass(): Promise<typeof WebSocket> {
  return THIS_RUNTIME === "node" ? (await import("ws")).WebSocket as never : WebSocket;
}

async function compareEvents(server: ServerProcess, rawUrl: string): Promise<Compared> {
  const Socket = await socketClass();
  const raw = new Crowd();
  const sockets = await Promise.all(Array.from({ length: CONNECTIONS }, async () => {
    const socket = new Socket(`${rawUrl}all`);
    socket.binaryType = "arraybuffer";
    socket.onmessage = raw.hear;
    await new Promise((resolve) => socket.onopen = resolve);
    return socket;
  }));
  const event = new Uint8Array(EVENT_BYTES);
  const ours = new Crowd();
  const clients = await Promise.all(
    Array.from({ length: CONNECTIONS }, () => connect(OneCall, server.address.url)),
  );
  for (const client of clients) {
    (async () => {
      for await (const _ of client.events()) ours.hear();
    })();
  }
  const found = await compare(
    server,
    () => raw.round(() => sockets[0]!.send(event)),
    () => ours.round(() => void clients[0]!.rpc.emit()),
  );
  for (const socket of sockets) socket.close();
  await Promise.all(clients.map((client) => client.close()));
  return found;
}

/** One pair of processes: this one, and a server. */
async function runPair(): Promise<readonly Compared[]> {
  using server = await ServerProcess.start("one_call", false);
  await using client = await connect(OneCall, server.address.url);
  const rawUrl = `ws://127.0.0.1:${await client.rpc.get()}/`;
  const raw = await openBuiltIn({ url: rawUrl, ca: "" }, await socketClass());
  const calls = await compare(server, () => raw.call(), () => client.rpc.get());
  await raw.close();
  return [calls, await compareEvents(server, rawUrl)];
}

const spread = (values: readonly number[], how = digits): string =>
  `${how(median(values))} (${how(Math.min(...values))} to ${how(Math.max(...values))})`;

function report(what: string, parts: number, pairs: readonly Compared[]): void {
  const ratios = pairs.map(([raw, ours]) => median(ours.map(({ us }, i) => us / raw[i]!.us)));
  const medians = (at: 0 | 1, key: keyof Turn): number =>
    median(pairs.map((pair) => median(pair[at].map((turn) => turn[key]))));
  const both = (key: keyof Turn): string =>
    `${digits(medians(0, key) / parts)} and ${digits(medians(1, key) / parts)}`;
  console.log(
    `${what}: raw ${digits(medians(0, "us"))} µs, hardlight ${digits(medians(1, "us"))} µs, ` +
      `${spread(ratios, times)}; CPU, client ${both("clientUs")} µs, server ${
        both("serverUs")
      } µs` +
      (parts === 1 ? "" : " a delivery"),
  );
}

if (process.argv[2] === "--pair") {
  console.log(JSON.stringify(await runPair()));
  process.exit(0);
}

const { values, positionals } = parseArgs({
  args: process.argv.slice(2),
  options: { runtimes: { type: "string", default: THIS_RUNTIME } },
  allowPositionals: true,
});
console.log(`${machineLines(describeMachine("free")).join("\n")}\n`);
const count = Number(positionals[0] ?? 9);
const runtimes = values.runtimes.split(",");
const progress = new Progress(runtimes.length * count);
for (const runtime of runtimes) {
  let command: readonly string[];
  if (runtime === "node") {
    buildForNode("servers/one_call.ts");
    command = ["node", buildForNode("one_call.ts")];
  } else if (runtime === "deno" || runtime === "bun") {
    const flags = runtime === "deno" ? ["run", "-A", "--quiet"] : [];
    command = [...commandOf(runtime), ...flags, fileURLToPath(import.meta.url)];
  } else throw new TypeError(`No runtime ${runtime}: expected deno, bun, node`);
  const pairs = Array.from({ length: count }, (_, pair) => {
    const [first = "", ...args] = [...command, "--pair"];
    progress.step(`${runtime}: pair ${pair + 1} of ${count}`);
    return JSON.parse(execFileSync(first, args, { encoding: "utf8" })) as Compared[];
  });
  report(`${runtime}, one call`, 1, pairs.map(([calls]) => calls!));
  report(
    `${runtime}, one event to ${CONNECTIONS}`,
    CONNECTIONS,
    pairs.map(([, events]) => events!),
  );
}
progress.end();
removeBuilt();
