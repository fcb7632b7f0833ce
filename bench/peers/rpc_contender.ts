/**
 * {@linkcode Contender}: one peer on one runtime, with its server and its client in separate processes.
 *
 * @module
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { commandOf } from "../../tests/support/runtimes.ts";
import { onServerCore } from "../pin.ts";
import type { Question } from "./rpc_client.ts";
import type { Entry } from "./rpc/peers.ts";
import type { Operation } from "./rpc/types.ts";

/** Where peers run. */
export type Runtime = "deno" | "bun" | "node";

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const SCRIPT = here("rpc_process.ts");
/** In this folder, so that Node finds its `node_modules`. */
const BUNDLE = here("rpc_process_node.mjs");

/** Longest time a process has for one answer. */
const ANSWER_TIMEOUT_MS = 30_000;
/** Longest time it has to end. */
const END_TIMEOUT_MS = 2000;

/** Node 20 does not run TypeScript: Bun bundles it. */
export function bundleForNode(): boolean {
  const [bun, ...first] = commandOf("bun");
  const build = ["build", "--target", "node", "--packages", "external", SCRIPT];
  const { status } = spawnSync(bun, [...first, ...build, "--outfile", BUNDLE]);
  return status === 0;
}

/** A process that answers a line with a line. */
class Talker {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #failed: Promise<never>;
  #errors = "";

  constructor(command: readonly string[], onServer: boolean) {
    const [first = "", ...rest] = command;
    const [program, args] = onServer ? onServerCore(first, rest) : [first, rest];
    const child = spawn(program, args, {
      stdio: ["pipe", "pipe", "pipe"],
      env: { ...process.env, NO_COLOR: "1" },
    });
    this.#child = child;
    child.stdin.on("error", () => {}); // It ended; `#failed` says so.
    child.stderr.on("data", (chunk) => {
      if (this.#errors.length < 4096) this.#errors += String(chunk);
    });
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    this.#failed = new Promise((_, reject) => {
      child.once("error", reject);
      child.once("close", () => reject(new Error(this.#errors.trim() || "the process ended")));
    });
    this.#failed.catch(() => {});
  }

  async line<T>(): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error("no answer in 30 s")), ANSWER_TIMEOUT_MS);
    });
    try {
      const { value } = await Promise.race([this.#lines.next(), this.#failed, late]);
      return value === undefined ? await this.#failed : JSON.parse(value) as T;
    } finally {
      clearTimeout(timer);
    }
  }

  async ask<T>(question: Question): Promise<T> {
    this.#child.stdin?.write(`${JSON.stringify(question)}\n`);
    return await this.line();
  }

  /** End the process, and wait until it has: a server may have to end a program of its own. */
  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, "exit");
    this.#child.kill();
    const isLate = await Promise.race([ended, sleep(END_TIMEOUT_MS, "late", { ref: false })]);
    if (isLate === "late") this.#child.kill("SIGKILL");
  }
}

/** One turn of calls, one after the other, in order. CPU is of one call, both sides. */
export interface LatencyTurn {
  readonly samples: Float64Array;
  readonly cpuUs: number;
}

/** One turn of calls in flight, or of deliveries. */
export interface FloodTurn {
  readonly perSecond: number;
  /** Both sides. */
  readonly cpuUs: number;
  readonly serverUs: number;
}

/** The number of subscribers of an event, and of connections that call at once. */
export const CROWD = 100;

/** One peer that is running. */
export class Contender {
  readonly id: string;
  readonly name: string;
  readonly port: number;
  readonly latency: LatencyTurn[] = [];
  /** By the name of a row. */
  readonly floods: Map<string, FloodTurn[]> = new Map();
  readonly events: LatencyTurn[] = [];
  /** Its measurable features: operations, and `events`. */
  abilities: readonly (Operation | "events")[] = [];
  /** Bytes of one `add(1, 2)` above TCP, frames included. */
  bytesUp = NaN;
  bytesDown = NaN;
  /** Connecting and a first call, each in milliseconds. */
  connectMs: readonly number[] = [];
  readonly #server: Talker;
  readonly #client: Talker;

  private constructor(entry: Entry, port: number, server: Talker, client: Talker) {
    this.id = entry.id;
    this.name = entry.name;
    this.port = port;
    this.#server = server;
    this.#client = client;
  }

  /** Start both, and wait until a first call has been answered. */
  static async start(entry: Entry, runtime: Runtime): Promise<Contender> {
    const command = runtime === "node"
      ? ["node", BUNDLE]
      : [...commandOf(runtime), ...(runtime === "deno" ? ["run", "-A", "--quiet"] : []), SCRIPT];
    const server = new Talker([...command, "server", entry.id], true);
    let client: Talker | undefined;
    try {
      const port = await server.line<number>();
      client = new Talker([...command, "client", entry.id, `${port}`], false);
      await client.line();
      return new Contender(entry, port, server, client);
    } catch (error) {
      await Promise.all([server.end(), client?.end()]);
      throw error;
    }
  }

  /** Open the connections that events go to. */
  async gather(): Promise<void> {
    this.abilities = await this.#client.ask({ ask: "abilities" });
    await this.#client.ask({ ask: "crowd", size: CROWD });
  }

  /** Calls one after the other, or events until the last has heard of each. */
  async latencyTurn(ask: "latency" | "event", ms: number): Promise<LatencyTurn> {
    const before = await this.#server.ask<number>({ ask: "cpu" });
    const { samples, cpuUs } = await this.#client.ask<{ samples: number[]; cpuUs: number }>(
      { ask, ms },
    );
    const serverUs = await this.#server.ask<number>({ ask: "cpu" }) - before;
    return {
      samples: Float64Array.from(samples),
      cpuUs: cpuUs + serverUs / samples.length,
    };
  }

  async floodTurn(
    question: Question & { readonly ask: "flood" | "crowd-flood" | "fan-out" },
  ): Promise<FloodTurn> {
    const before = await this.#server.ask<number>({ ask: "cpu" });
    const { count, perSecond, cpuUs } = await this.#client.ask<
      { count: number; perSecond: number; cpuUs: number }
    >(question);
    const serverUs = (await this.#server.ask<number>({ ask: "cpu" }) - before) / count;
    return { perSecond, cpuUs: cpuUs + serverUs, serverUs };
  }

  async connect(times: number): Promise<void> {
    this.connectMs = await this.#client.ask({ ask: "connect", times });
  }

  /** Call through `port`, where a proxy counts bytes. */
  async callThrough(port: number, times: number, begin: () => void): Promise<void> {
    await this.#client.ask({ ask: "dial", port });
    await this.#client.ask({ ask: "calls", times: 20 });
    begin();
    await this.#client.ask({ ask: "calls", times });
  }

  async end(): Promise<void> {
    await Promise.all([this.#client.end(), this.#server.end()]);
  }
}
