/**
 * Two servers on one port: how throughput grows from one core to two, on Deno by `deno serve --parallel`, on Bun by
 * two processes with `reusePort`; compared with the runtime's own echo.
 *
 * `deno run -A bench/parallel.ts [--runtimes deno,bun] [--rounds 3] [--record]`
 *
 * The client is plain sockets of this process, each with one call after the other, and shares the cores with the
 * servers. For an empty call it takes about as much time as the server, so that two servers on two cores have nothing
 * left to gain from. For a call that keeps a core busy for 100 µs it takes a tenth.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import net from "node:net";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { describeMachine, machineLines, versionOfRuntime } from "./machine.ts";
import { callFrame, openMany, openPlain } from "./plain_sockets.ts";
import { Progress } from "./progress.ts";
import { keep, rowsOfTable } from "./record.ts";
import { Work } from "./servers/parallel.ts";
import { digits, median, times } from "./statistics.ts";
import { formatTable } from "./table.ts";

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    runtimes: { type: "string", default: "deno,bun" },
    rounds: { type: "string", default: "3" },
    record: { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds);
const CONNECTIONS = 64;
const TURN_MS = 1500;
const SERVER = fileURLToPath(new URL("servers/parallel.ts", import.meta.url));
const CALLS = [
  { name: "raw echo", kind: "raw", frame: callFrame(Work, "get", {}) },
  { name: "a call that does nothing", kind: "", frame: callFrame(Work, "get", {}) },
  { name: "a call of 100 µs", kind: "", frame: callFrame(Work, "work", { us: 100 }) },
];

async function freePort(): Promise<number> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as net.AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** Servers on one port; ending waits for each of them. */
class Servers implements AsyncDisposable {
  readonly port: number;
  readonly #children: readonly ChildProcess[];

  private constructor(port: number, children: readonly ChildProcess[]) {
    this.port = port;
    this.#children = children;
  }

  static async start(runtime: string, kind: string, count: number): Promise<Servers> {
    const port = await freePort();
    const env = { ...process.env, KIND: kind, DENO_JOBS: `${count}` };
    const serve = ["serve", "-A", "--quiet", "--parallel", "--host", "127.0.0.1"];
    const children = runtime === "deno"
      ? [spawn("deno", [...serve, "--port", `${port}`, SERVER], { env, stdio: "ignore" })]
      : Array.from(
        { length: count },
        () => spawn("bun", [SERVER, `${port}`], { env, stdio: "ignore" }),
      );
    for (let tries = 0;; tries++) {
      try {
        (await openPlain(port)).destroy();
        break;
      } catch (error) {
        if (tries === 100) throw error;
        await sleep(50);
      }
    }
    // The others of them, too.
    await sleep(500);
    return new Servers(port, children);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) {
      // On SIGTERM `deno serve` waits for sockets that are already closed.
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  }
}

async function perSecond(port: number, frame: Uint8Array): Promise<number> {
  let count = 0;
  let isOver = false;
  const sockets = await openMany(CONNECTIONS, async () => {
    const socket: net.Socket = await openPlain(port, false, () => {
      count++;
      if (!isOver) socket.write(frame);
    });
    return socket;
  });
  for (const socket of sockets) socket.write(frame);
  await sleep(TURN_MS / 3);
  count = 0;
  const start = performance.now();
  await sleep(TURN_MS);
  const rate = count / (performance.now() - start) * 1000;
  isOver = true;
  for (const socket of sockets) socket.destroy();
  return rate;
}

const machine = describeMachine("free");
console.log(machineLines(machine)[0], "\n");
const runtimes = values.runtimes.split(",");
const progress = new Progress(runtimes.length * CALLS.length * rounds);
for (const runtime of runtimes) {
  const lines: string[][] = [];
  for (const { name, kind, frame } of CALLS) {
    const rates: [one: number, two: number][] = [];
    for (let round = 0; round < rounds; round++) {
      progress.step(`${runtime}, ${name}, round ${round + 1} of ${rounds}`);
      const both: number[] = [];
      for (const count of [1, 2]) {
        await using servers = await Servers.start(runtime, kind, count);
        both.push(await perSecond(servers.port, frame));
      }
      rates.push(both as [number, number]);
    }
    lines.push([
      `${runtime}, ${name}`,
      digits(median(rates.map(([one]) => one))),
      digits(median(rates.map(([, two]) => two))),
      times(median(rates.map(([one, two]) => two / one))),
    ]);
  }
  progress.end();
  const table = {
    title: `Calls a second by ${CONNECTIONS} connections, one after the other on each`,
    columns: ["", "one server", "two", "growth"],
    rows: lines,
    notes: ["The client shares the two cores with the servers."],
  };
  console.log(formatTable(table));
  keep(`parallel-${runtime}`, {
    machine,
    versions: { runtime: versionOfRuntime(runtime) ?? runtime },
    settings: { rounds, turnMs: TURN_MS, connections: CONNECTIONS },
    rows: rowsOfTable(table),
  });
}
process.exit(0);
