/**
 * Runs `bun` with the arguments given: the one on the PATH, or else the one npm fetches.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import process from "node:process";

const VERSION = "1.4.5";

const args = process.argv.slice(2);
const onPath = spawnSync("bun", ["--version"], { stdio: "ignore" }).status === 0;
const [command, prefix] = onPath ? ["bun", []] : ["npx", ["-y", `bun@${VERSION}`]] as const;
const { status, error } = spawnSync(command, [...prefix, ...args], { stdio: "inherit" });
if (error) throw new Error("Cannot start Bun: neither bun nor npx was found", { cause: error });
process.exit(status ?? 1);
