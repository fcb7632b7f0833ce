/**
 * Runs all tests on Deno, on Bun and on Node, one after the other: `deno task test`. Where one fails, the others
 * run all the same.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { spawnSync } from "node:child_process";
import process from "node:process";

const TASKS = ["test:deno", "test:bun", "test:node"];

let failed = false;
for (const task of TASKS) {
  console.log(`-- deno task ${task}`);
  const { status, signal, error } = spawnSync(process.execPath, ["task", "--quiet", task], {
    stdio: "inherit",
  });
  if (error) throw new Error(`Cannot run ${process.execPath}`, { cause: error });
  if (status !== 0) {
    console.log(`-- failed (${signal ?? status}): deno task ${task}`);
    failed = true;
  }
}
process.exit(failed ? 1 : 0);
