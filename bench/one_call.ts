/**
 * One call after the other, and one event after the other to 100 connections, compared with the runtime's own
 * WebSockets (on Node those of `ws`), a call also with one by hand in MessagePack over these, cores free:
 * `deno run -A bench/one_call.ts [pairs] [--runtimes deno,bun,node] [--record]`, after `npm ci` in `peers/`.
 *
 * A round trip between two cores takes up to three times as long as one on the same core, and the system moves
 * processes between cores. This dominates a ratio of figures from two pairs of processes. So all contenders are in
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
import { describeMachine, machineLines, versionOfRuntime } from "./machine.ts";
import { buildForNode, removeBuilt } from "./on_node.ts";
import { EVENT_BYTES, OneCall } from "./one_call_service.ts";
import { versionOf } from "./peers/rpc/load.ts";
import { peer as packed } from "./peers/rpc/msgpackr.ts";
import { Progress } from "./progress.ts";
import { openBuiltIn } from "./raw_peers.ts";
import { keep, type Row } from "./record.ts";
import { ServerProcess } from "./server_process.ts";
import { digits, median, times } from "./statistics.ts";
import { formatTable } from "./table.ts";

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

type RoundTrip = () => Promise<unknown>;

/** What is compared in one pair of processes. */
type Contender = "raw" | "hardlight" | "msgpackr";

/** Its turns, round by round. */
type Compared = Readonly<Partial<Record<Contender, readonly Turn[]>>>;

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

async function compare(
  server: ServerProcess,
  contenders: Readonly<Partial<Record<Contender, RoundTrip>>>,
): Promise<Compared> {
  const ways = Object.values(contenders);
  const found = ways.map((): Turn[] => []);
  for (const way of ways) await turn(way, server, WARM_UP_MS);
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < ways.length; i++) {
      const at = (round + i) % ways.length;
      found[at]!.push(await turn(ways[at]!, server, TURN_MS));
    }
  }
  return Object.fromEntries(Object.keys(contenders).map((name, i) => [name, found[i]]));
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
  const found = await compare(server, {
    raw: () => raw.round(() => sockets[0]!.send(event)),
    hardlight: () => ours.round(() => void clients[0]!.rpc.emit()),
  });
  for (const socket of sockets) socket.close();
  await Promise.all(clients.map((client) => client.close()));
  return found;
}

/** One pair of processes: this one, and a server. */
async function runPair(): Promise<readonly Compared[]> {
  using server = await ServerProcess.start("one_call", false);
  await using client = await connect(OneCall, server.address.url);
  const ports = await client.rpc.ports();
  const rawUrl = `ws://127.0.0.1:${ports.raw}/`;
  const raw = await openBuiltIn({ url: rawUrl, ca: "" }, await socketClass());
  const other = await packed.open(ports.packed);
  const calls = await compare(server, {
    raw: () => raw.call(),
    hardlight: () => client.rpc.add({ a: 1, b: 2 }),
    msgpackr: () => other.add!(1, 2),
  });
  await raw.close();
  await other.close();
  return [calls, await compareEvents(server, rawUrl)];
}

/** A row of the record for each contender; a ratio is of neighbouring turns, the median of each pair of processes. */
function rowsOf(what: string, parts: number, pairs: readonly Compared[]): Row[] {
  const names = Object.keys(pairs[0] ?? {}) as Contender[];
  return names.map((name) => {
    const ratiosTo = (other: Contender): number[] =>
      pairs.map((pair) => median((pair[name] ?? []).map(({ us }, i) => us / pair[other]![i]!.us)));
    const middle = (key: keyof Turn): number =>
      median(pairs.map((pair) => median((pair[name] ?? []).map((turn) => turn[key]))));
    const ratios = ratiosTo("raw");
    return {
      what,
      id: name,
      name: name === "msgpackr"
        ? `msgpackr ${versionOf(name)} by hand`
        : name === "raw"
        ? "a raw WebSocket"
        : name,
      us: middle("us"),
      ratio: median(ratios),
      least: Math.min(...ratios),
      most: Math.max(...ratios),
      toMsgpackr: names.includes("msgpackr") ? median(ratiosTo("msgpackr")) : null,
      clientUs: middle("clientUs") / parts,
      serverUs: middle("serverUs") / parts,
    };
  });
}

if (process.argv[2] === "--pair") {
  console.log(JSON.stringify(await runPair()));
  process.exit(0);
}

const { values, positionals } = parseArgs({
  args: process.argv.slice(2),
  options: {
    runtimes: { type: "string", default: "deno,bun,node" },
    record: { type: "boolean", default: false },
  },
  allowPositionals: true,
});
const machine = describeMachine("free");
console.log(`${machineLines(machine).join("\n")}\n`);
const count = Number(positionals[0] ?? 9);
const runtimes = values.runtimes.split(",");
const progress = new Progress(runtimes.length * count);
for (const runtime of runtimes) {
  let command: readonly string[];
  if (runtime === "node") {
    buildForNode("servers/one_call.ts", `msgpackr@${versionOf("msgpackr")}`);
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
  progress.end();
  const rows = [
    ...rowsOf("one call", 1, pairs.map(([calls]) => calls!)),
    ...rowsOf(`one event to ${CONNECTIONS}`, CONNECTIONS, pairs.map(([, events]) => events!)),
  ];
  console.log(formatTable({
    title: `One after the other, cores free, ${runtime}`,
    columns: ["", "µs", "÷ raw", "from", "to", "client CPU µs", "server CPU µs"],
    rows: rows.map(({ what, name, us, ratio, least, most, clientUs, serverUs }) => [
      `${what}: ${name}`,
      digits(Number(us)),
      ...[ratio, least, most].map((value) => times(Number(value))),
      digits(Number(clientUs)),
      digits(Number(serverUs)),
    ]),
    notes: [`Medians of ${count} pairs of processes. CPU of a call, and of one delivery.`],
  }));
  keep(`one-call-${runtime}`, {
    machine,
    versions: { runtime: versionOfRuntime(runtime) ?? runtime },
    settings: { pairs: count, rounds: ROUNDS, turnMs: TURN_MS },
    rows,
  });
}
removeBuilt();
