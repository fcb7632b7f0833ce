/**
 * The conditions of a result: machine, versions, commit, load.
 *
 * @module
 */
import { execFileSync, spawnSync } from "node:child_process";
import os from "node:os";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { commandOf } from "../tests/support/runtimes.ts";
import type { Cores } from "./pin.ts";

/** The machine and versions of a benchmark run. */
export interface Machine {
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly system: string;
  /** Name and version. */
  readonly runtime: string;
  /** The last commit that changed the measured files. */
  readonly commit: string;
  /** One-minute load average when the run began. */
  readonly load: number;
  /** The smallest observed step of `performance.now()`, in nanoseconds. */
  readonly clockStepNs: number;
  /** Which cores the client and the servers were on. */
  readonly pinned: Cores;
}

const PINNED: Readonly<Record<Cores, string>> = {
  "1": "both pinned to one core",
  "2": "each pinned to a core of its own",
  free: "on whichever core",
};

/** Read the machine's data. */
export function describeMachine(pinned: Cores): Machine {
  return {
    date: new Date().toISOString().slice(0, 16),
    cpu: os.cpus()[0]?.model ?? "unknown",
    cores: os.cpus().length,
    system: `${os.type()} ${os.release()}`,
    runtime: runtimeName(),
    commit: commit(),
    load: os.loadavg()[0] ?? NaN,
    clockStepNs: clockStepNs(),
    pinned,
  };
}

function runtimeName(): string {
  const { bun, deno, node, v8 } = process.versions;
  if (bun !== undefined) return `Bun ${bun}`;
  return deno === undefined ? `Node ${node}` : `Deno ${deno} (V8 ${v8})`;
}

/** Name and version of a runtime; undefined where it is not installed. */
export function versionOfRuntime(runtime: string): string | undefined {
  const command = runtime === "deno" || runtime === "bun" ? commandOf(runtime) : [runtime];
  const { status, stdout } = spawnSync(command[0] ?? "", [...command.slice(1), "--version"]);
  const version = /\d+\.\d+\.\d+/.exec(String(stdout))?.[0];
  if (status !== 0 || version === undefined) return undefined;
  return `${{ deno: "Deno", bun: "Bun", node: "Node" }[runtime]} ${version}`;
}

/** The runtime's name in file names. */
export function runtimeId({ runtime }: Machine): string {
  return runtime.split(" ")[0]!.toLowerCase();
}

/** The measured files; other files of the repository may change. */
const MEASURED: readonly string[] = [
  ...["codec", "wire", "stream", "service", "server", "client", "runtime", "deflate", "tls"],
  ...["memory.ts", "mod.ts", "server.ts", "client.ts"],
];

/** The last commit that changed the measured files; with a `+` if there are uncommitted changes. */
function commit(): string {
  const git = (...args: string[]): string =>
    execFileSync("git", [...args, "--", ...MEASURED.map((path) => `:(top)${path}`)], {
      cwd: fileURLToPath(new URL("..", import.meta.url)),
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
  try {
    return git("log", "-1", "--format=%h") + (git("status", "--porcelain", "-uno") && "+");
  } catch {
    return "unknown";
  }
}

function clockStepNs(): number {
  let step = Infinity;
  let last = performance.now();
  for (let i = 0; i < 20_000; i++) {
    const now = performance.now();
    if (now > last) step = Math.min(step, now - last);
    last = now;
  }
  return Math.round(step * 1e6);
}

/** The machine in two lines. */
export function machineLines(machine: Machine): string[] {
  const { cpu, cores, system, runtime, load, date, clockStepNs, pinned } = machine;
  return [
    `${runtime}, ${cpu}, ${cores} cores, ${system}, load ${load.toFixed(2)}`,
    `${date} UTC, commit ${machine.commit}, client and server in two processes on loopback, ` +
    `${PINNED[pinned]}, clock step ${clockStepNs} ns`,
  ];
}
