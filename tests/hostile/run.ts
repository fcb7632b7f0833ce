/**
 * Attacks on a server in a separate process, and their costs.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { connect } from "../../client.ts";
import { RawClient } from "../support/raw_client.ts";
import { commandOf } from "../support/runtimes.ts";
import type { Attack } from "./attacks.ts";
import { frame } from "./frames.ts";
import { processorTimes } from "./processor.ts";
import { Hostile } from "./service.ts";
import type { Report } from "./target.ts";

/** Where the server runs. */
export type TargetRuntime = "deno" | "bun" | "node";
export const TARGETS: readonly TargetRuntime[] = ["deno", "bun", "node"];

/** The cost of an attack. */
export interface Cost extends Report {
  /** Bytes the attacker sent. */
  readonly sentBytes: number;
  /**
   * Milliseconds that another client's slowest call took meanwhile, without those for which other processes
   * had the processor.
   */
  readonly slowestCallMs: number;
}

const bundles = new Map<string, Promise<string>>();

/** A script of this folder as plain JavaScript, for Node. */
function bundled(script: string): Promise<string> {
  let bundle = bundles.get(script);
  if (bundle === undefined) bundles.set(script, bundle = makeBundle(script));
  return bundle;
}

async function makeBundle(script: string): Promise<string> {
  // Only where it is used: it is a dependency of Deno's tasks.
  const { build, stop } = await import("esbuild");
  const folder = mkdtempSync(join(tmpdir(), "hardlight-hostile-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const outfile = join(folder, "target.mjs");
  await build({
    entryPoints: [pathOf(script)],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    logLevel: "warning",
  });
  await stop();
  return outfile;
}

function pathOf(script: string): string {
  return fileURLToPath(new URL(script, import.meta.url));
}

/** The command for a script of this folder, with access to the garbage collector. */
export async function commandFor(
  runtime: TargetRuntime,
  script = "target.ts",
): Promise<[string, ...string[]]> {
  if (runtime === "node") return ["node", "--expose-gc", await bundled(script)];
  const [command, ...first] = commandOf(runtime);
  const run = runtime === "deno"
    ? ["run", "-A", "--quiet", "--no-check", "--v8-flags=--expose-gc"]
    : ["run"];
  return [command, ...first, ...run, pathOf(script)];
}

/** A server that is attacked. */
export class Target implements AsyncDisposable {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ChildProcess, lines: AsyncIterator<string>, port: number) {
    this.#child = child;
    this.#lines = lines;
    this.port = port;
  }

  /** Start one. */
  static async start(runtime: TargetRuntime, { mounted }: Attack): Promise<Target> {
    const [command, ...args] = await commandFor(runtime);
    const child = spawn(command, mounted ? [...args, "mount"] : args, {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
    const { value } = await lines.next();
    return new Target(child, lines, Number(String(value).split(" ")[1]));
  }

  /** The process's number. */
  get pid(): number {
    return this.#child.pid!;
  }

  /** Whether the process is there. */
  get alive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** The report since the last one. */
  async report(): Promise<Report> {
    this.#child.stdin!.write("\n");
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("the server is gone");
    return JSON.parse(value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.alive) return;
    const ended = new Promise((resolve) => this.#child.once("exit", resolve));
    this.#child.stdin!.end();
    await ended;
  }
}

/** How long a server and this process have waited for a processor. */
function waitedMs({ pid }: Target): number {
  return processorTimes(pid).waitedMs + processorTimes("self").waitedMs;
}

/** Whether there is such a server. */
export function isServed(runtime: TargetRuntime, { mounted }: Attack): boolean {
  return runtime !== "node" || mounted !== true;
}

/** Write all that is to be sent. Resolves when the server has heard it. */
async function send(port: number, what: Attack): Promise<number> {
  const { messages, connections = 1, leaves, extended } = what;
  const path = extended ? "/?hl-x=1" : "/";
  const frames = messages().map((message) => frame(message));
  if (leaves) {
    let sentBytes = 0;
    for (const each of frames) {
      const client = await RawClient.connect(port);
      await client.upgrade(path);
      const half = each.subarray(0, each.length >> 1);
      sentBytes += half.length;
      await new Promise<void>((resolve) => client.socket.write(half, () => resolve()));
      client.socket.destroy();
    }
    return sentBytes;
  }
  const clients: RawClient[] = [];
  for (let i = 0; i < connections; i++) {
    const client = await RawClient.connect(port);
    await client.upgrade(path);
    clients.push(client);
  }
  const share = frames.length / connections;
  for (const [i, client] of clients.entries()) {
    client.write(Buffer.concat(frames.slice(i * share, (i + 1) * share)));
    // Its ping is answered after everything that it has sent.
    client.write(Buffer.from([0x89, 0x80, 0, 0, 0, 0]));
  }
  const pong = Buffer.from([0x8a, 0]);
  await Promise.all(clients.map((client) => client.until(() => client.bytes.includes(pong))));
  leaving.push(...clients);
  return Buffer.concat(frames).length;
}

/** Clients of an attack that has been. */
const leaving: RawClient[] = [];

/** Held bytes above which memory is measured again, and how often at most. */
const BUSY_BYTES = 32 << 20;
const MAX_TRIES = 10;

/** Attack with some clients while another one calls. */
export async function attack(target: Target, what: Attack): Promise<Cost> {
  await using other = await connect(Hostile, `ws://127.0.0.1:${target.port}`, { level: 0 });
  for (let i = 0; i < 200; i++) await other.rpc.now();
  await target.report();
  let slowestCallMs = 0;
  let sentBytes = 0;
  let over = false;
  void send(target.port, what).then((bytes) => {
    sentBytes = bytes;
    over = true;
  });
  while (!over) {
    const waited = waitedMs(target);
    const started = performance.now();
    await other.rpc.now();
    const tookMs = performance.now() - started - (waitedMs(target) - waited);
    slowestCallMs = Math.max(slowestCallMs, tookMs);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  // By now retained memory is visible, and the rest had time to be collected.
  await new Promise((resolve) => setTimeout(resolve, 100));
  const report = await target.report();
  let { heldBytes } = report;
  // On a busy machine messages may still be in the runtime.
  for (let tries = 0; heldBytes > BUSY_BYTES && tries < MAX_TRIES; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 300));
    heldBytes += (await target.report()).heldBytes;
  }
  for (const { socket } of leaving.splice(0)) socket.destroy();
  return { ...report, heldBytes: Math.max(0, heldBytes), sentBytes, slowestCallMs };
}
