/**
 * Runs the core of the tests on the oldest Deno, Bun and Node that `runtime/detect.ts` accepts, each
 * fetched from npm: `deno task minimums`, or `deno task minimums bun` for one of them.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { OLDEST } from "../runtime/detect.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const CORE = ["codec", "wire", "client", "server", "e2e"].map((folder) => `./tests/${folder}`);
const SOCKETS = ["./tests/runtime/node_dial_test.ts", "./tests/runtime/node_server_test.ts"];

const DENO_TEST = ["test", "-A", "--no-check", "--no-lock", "--quiet", "--v8-flags=--expose-gc"];

type Runtime = keyof typeof OLDEST;

function run(command: string, args: readonly string[], env: Record<string, string> = {}): number {
  const { status, error } = spawnSync(command, args, {
    cwd: ROOT,
    env: { ...process.env, ...env },
    stdio: "inherit",
  });
  if (error) throw new Error(`Cannot run ${command}`, { cause: error });
  return status ?? 1;
}

/** Run the tests on the binary of a runtime. */
const RUN: Readonly<Record<Runtime, (binary: string) => number>> = {
  deno: (binary) => run(binary, [...DENO_TEST, ...CORE, ...SOCKETS]),
  bun: (binary) => run(binary, ["test", "--timeout", "60000", ...CORE]),
  node: (binary) => run("deno", ["task", "--quiet", "test:node"], { HARDLIGHT_NODE: binary }),
};

const asked = process.argv.slice(2);
const failed: string[] = [];
for (const name of Object.keys(OLDEST) as Runtime[]) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  const version = `${name}@${OLDEST[name].join(".")}.0`;
  const folder = mkdtempSync(join(tmpdir(), "hardlight-minimum-"));
  try {
    // deno-lint-ignore no-console
    console.log(version);
    const installed = run("npm", [
      "install",
      "--silent",
      "--no-audit",
      "--prefix",
      folder,
      version,
    ]);
    if (installed !== 0) throw new Error(`Cannot install ${version}`);
    if (RUN[name](join(folder, "node_modules/.bin", name)) !== 0) failed.push(version);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
// deno-lint-ignore no-console
console.log(failed.length === 0 ? "all passed" : `failed on ${failed.join(", ")}`);
process.exit(failed.length === 0 ? 0 : 1);
