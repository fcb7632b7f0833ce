/**
 * Writes the golden vectors again with the real rkyv and compares them with the committed ones.
 *
 * Run: `deno run -A tests/vectors/check.ts`. Ends with 1 when they differ, with 0 when they are
 * the same or when there is no cargo or no crate registry to ask.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const FILES = ["values.jsonl", "malformed.jsonl", "layouts.jsonl", "large.jsonl"];

const committed = fileURLToPath(new URL(".", import.meta.url));
const manifest = join(committed, "generate", "Cargo.toml");

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Whether the crates the generator needs are here or can be fetched; prints why not. */
function canBuild(): boolean {
  const fetched = spawnSync("cargo", ["fetch", "--locked", "--manifest-path", manifest], {
    encoding: "utf8",
  });
  if (fetched.error) {
    print("skipped: cargo not found");
    return false;
  }
  if (fetched.status === 0) return true;
  if (fetched.stderr.includes("lock file")) throw new Error(fetched.stderr);
  print(`skipped: the crate registry cannot be reached\n${fetched.stderr.trim()}`);
  return false;
}

/** The first line in which two texts differ, from 1, or undefined if they are equal. */
function firstDifference(a: string, b: string): number | undefined {
  if (a === b) return undefined;
  const others = b.split("\n");
  return a.split("\n").findIndex((line, i) => line !== others[i]) + 1;
}

function check(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "vectors-"));
  try {
    const run = spawnSync("cargo", [
      ...["run", "--quiet", "--locked", "--manifest-path", manifest],
      ...["--", folder],
    ], { stdio: "inherit" });
    if (run.status !== 0) throw new Error("Cannot write the vectors: the generator failed");

    const differences = FILES.map((file) => {
      const fresh = readFileSync(join(folder, file), "utf8");
      const line = firstDifference(readFileSync(join(committed, file), "utf8"), fresh);
      print(line === undefined ? `same: ${file}` : `differs: ${file}, line ${line}`);
      return line;
    });
    return differences.every((line) => line === undefined);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

if (canBuild() && !check()) process.exit(1);
