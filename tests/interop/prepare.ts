/**
 * Builds the Rust peer: fetches the reference crate with cargo, makes a copy that a stable compiler
 * takes, and compiles the peer against it.
 *
 * Run: `deno run -A tests/interop/prepare.ts`. Prints the peer's path, or `skipped: …`.
 *
 * Every version of the crate is yanked. Cargo still accepts a yanked version that a lock file already
 * has, so `source/` holds such a lock file and nothing else.
 *
 * @module
 */
import { execFile } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const TARGET = join(HERE, "target");
const COPY = join(TARGET, "hardlight");
const BUILD = join(TARGET, "build");
const PEER = join(BUILD, "release", process.platform === "win32" ? "peer.exe" : "peer");

/** The crate's manifest as `cargo metadata` lists it. */
interface Package {
  readonly name: string;
  readonly manifest_path: string;
}

/** cargo's messages when it needs the network and has none. */
const UNREACHABLE =
  /failed to (download|get|fetch|query)|(could not|couldn't) (resolve|connect)|timed out|offline/i;

class Skipped extends Error {}

/** The peer's path if an earlier run built it; builds nothing. */
export function builtPeer(): string | undefined {
  return existsSync(PEER) ? PEER : undefined;
}

/** Builds the peer if it is not built yet, and returns its path, or undefined after printing why not. */
export async function preparePeer(): Promise<string | undefined> {
  try {
    copySource(await findSource());
    await build();
    return PEER;
  } catch (error) {
    if (!(error instanceof Skipped)) throw error;
    process.stderr.write(`skipped: ${error.message}\n`);
    return undefined;
  }
}

/** Runs cargo and returns its output. Throws {@linkcode Skipped} when it can't be had or can't download. */
function cargo(...args: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile("cargo", args, { maxBuffer: 64 << 20 }, (error, output, log) => {
      if (!error) resolve(output);
      else if (error.code === "ENOENT") reject(new Skipped("cargo not found"));
      else if (UNREACHABLE.test(log)) {
        reject(new Skipped(`the crate registry cannot be reached\n${log.trim()}`));
      } else reject(new Error(`cargo ${args[0]} failed:\n${log}`));
    });
  });
}

/** The folder where cargo unpacked the reference crate. */
async function findSource(): Promise<string> {
  const manifest = join(HERE, "source", "Cargo.toml");
  const listed = await cargo(
    ...["metadata", "--locked", "--format-version=1", `--manifest-path=${manifest}`],
  );
  const { packages } = JSON.parse(listed) as { packages: readonly Package[] };
  const found = packages.find(({ name }) => name === "hardlight");
  if (!found) throw new Error("Cannot find the reference crate: cargo does not list it");
  return dirname(found.manifest_path);
}

/**
 * Copies the crate without rkyv's `copy` feature. The feature needs a nightly compiler of 2023 and
 * changes how bytes are copied, never which.
 */
function copySource(source: string): void {
  const manifest = readFileSync(join(source, "Cargo.toml"), "utf8").replaceAll(/"copy",?\s*/g, "");
  if (holds(manifest)) return;
  mkdirSync(TARGET, { recursive: true });
  const fresh = mkdtempSync(join(TARGET, "hardlight-"));
  cpSync(join(source, "src"), join(fresh, "src"), { recursive: true });
  writeFileSync(join(fresh, "Cargo.toml"), manifest);
  rmSync(COPY, { recursive: true, force: true });
  try {
    renameSync(fresh, COPY);
  } catch (error) {
    // Another process was first: its result is the same.
    rmSync(fresh, { recursive: true });
    if (!holds(manifest)) throw error;
  }
}

/** Whether the copy is there already. Left alone then: newer files would be compiled again. */
function holds(manifest: string): boolean {
  const path = join(COPY, "Cargo.toml");
  return existsSync(path) && readFileSync(path, "utf8") === manifest;
}

async function build(): Promise<void> {
  const manifest = join(HERE, "peer", "Cargo.toml");
  await cargo(
    ...["build", "--release", "--locked", `--manifest-path=${manifest}`, `--target-dir=${BUILD}`],
  );
}

if (import.meta.main) {
  const peer = await preparePeer();
  if (peer !== undefined) process.stdout.write(`${peer}\n`);
}
