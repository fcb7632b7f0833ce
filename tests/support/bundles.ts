/**
 * Programs of the tests as one file of JavaScript each, which Deno, Bun and Node run alike.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { commandOf } from "./runtimes.ts";

/** The runtimes that a bundle can run on. */
export const BUNDLE_RUNTIMES = ["deno", "bun", "node"] as const;

/** A program in a separate folder. */
export interface Bundle extends Disposable {
  /** Run it in a fresh process; returns its output. Throws its error output if it fails. */
  run(runtime: typeof BUNDLE_RUNTIMES[number], input?: string, ...args: string[]): string;
}

/** Bundle a script of `tests/`. */
export function bundle(script: string): Bundle {
  const folder = mkdtempSync(join(tmpdir(), "bundle-"));
  const file = join(folder, "program.mjs");
  const path = fileURLToPath(new URL(`../${script}`, import.meta.url));
  start([...commandOf("bun"), "build", path, "--target=node", "--outfile", file], "");
  return {
    run(runtime, input = "", ...args) {
      const command = runtime === "deno"
        ? [...commandOf("deno"), "run", "--no-config"]
        : runtime === "bun"
        ? [...commandOf("bun"), "run"]
        : ["node"];
      return start([...command, file, ...args], input);
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true }),
  };
}

function start([command, ...args]: readonly string[], input: string): string {
  const { status, stdout, stderr, error } = spawnSync(command!, args, { input, encoding: "utf8" });
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} failed: ${error ?? stderr}`);
  return stdout;
}
