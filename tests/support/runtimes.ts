/**
 * Starts programs on Deno and on Bun, from either.
 *
 * @module
 */
import { type ChildProcess, spawnSync } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { signalChild, spawnChild } from "./children.ts";

/** Versions from npm for runtimes that are not installed. */
const PACKAGES = { deno: "deno@2", bun: "bun@1.4.5" } as const;

/** A runtime that can listen. */
export type RuntimeId = keyof typeof PACKAGES;

/** The present runtime. */
export const THIS_RUNTIME: RuntimeId | "node" = "Bun" in globalThis
  ? "bun"
  : "Deno" in globalThis
  ? "deno"
  : "node";

/** The command and first arguments that start a runtime. */
export function commandOf(runtime: RuntimeId): readonly [string, ...string[]] {
  if (runtime === THIS_RUNTIME) return [process.execPath];
  if (spawnSync(runtime, ["--version"], { stdio: "ignore" }).status === 0) return [runtime];
  return ["npx", "-y", PACKAGES[runtime]];
}

/** Milliseconds for a program to end after its input has. */
const PATIENCE_MS = 20_000;

/** A running program. */
export interface Program extends AsyncDisposable {
  /** The first line it printed. */
  readonly firstLine: string;
  /** The process. */
  readonly child: ChildProcess;
}

/** Start a script of `tests/` that prints a line when it is ready and ends when its input does. */
export async function start(
  runtime: RuntimeId,
  script: string,
  ...args: string[]
): Promise<Program> {
  const path = fileURLToPath(new URL(`../${script}`, import.meta.url));
  const [command, ...first] = commandOf(runtime);
  const run = runtime === "deno" ? ["run", "-A", "--quiet"] : ["run"];
  const child = spawnChild(command, [...first, ...run, path, ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  const lines = createInterface({ input: child.stdout! });
  const firstLine = await new Promise<string>((resolve, reject) => {
    lines.once("line", resolve);
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`${script} on ${runtime} ended with ${code}`)));
  });
  return {
    firstLine,
    child,
    async [Symbol.asyncDispose]() {
      child.stdin!.end();
      // A program that does not end soon after its input is killed.
      const timer = setTimeout(() => signalChild(child, "SIGKILL"), PATIENCE_MS);
      await ended;
      clearTimeout(timer);
      lines.close();
    },
  };
}
