/**
 * Runs `bun` with the given arguments: the one on the PATH, or else the one from npm. Missing packages of the
 * suite are installed first, since Bun loads them from `node_modules`.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import process from "node:process";

const VERSION = "1.4.5";

const onPath = spawnSync("bun", ["--version"], { stdio: "ignore" }).status === 0;
const [command, prefix] = onPath ? ["bun", []] : ["npx", ["-y", `bun@${VERSION}`]] as const;

function run(...args: string[]): number {
  const { status, error } = spawnSync(command, [...prefix, ...args], { stdio: "inherit" });
  if (error) throw new Error("Cannot start Bun: neither bun nor npx was found", { cause: error });
  return status ?? 1;
}

const installed = existsSync(new URL("../../node_modules/fast-check", import.meta.url)) ||
  run("install", "--no-save", "--silent") === 0;
process.exit(installed ? run(...process.argv.slice(2)) : 1);
