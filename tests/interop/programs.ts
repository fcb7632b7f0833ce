/**
 * The commands of the peer and of our own programs, on each runtime.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { commandOf } from "../support/runtimes.ts";
import { builtPeer, type Program } from "./peer.ts";

/** The peer's path, or undefined if it is not built. */
export const RUST: string | undefined = builtPeer();

/** False, or why tests that need the peer are skipped. */
export const SKIP: false | string = RUST === undefined
  ? "the Rust peer is not built: deno task interop"
  : false;

const FOLDER = fileURLToPath(new URL(".", import.meta.url));
const here = (file: string): string => resolve(FOLDER, file);

/** A program of this module on Deno or Bun: a file of this folder, or of a full path. */
export function ours(runtime: "deno" | "bun", file: string): Program {
  const [command, ...first] = commandOf(runtime);
  const run = runtime === "deno" ? ["run", "-A", "--quiet"] : ["run"];
  return [command, ...first, ...run, here(file)];
}

let bundle: string | undefined;

/** Our client on Node, for which it is bundled; undefined where there is no Node or no Bun. */
export function nodeClient(): Program | undefined {
  if (spawnSync("node", ["--version"], { stdio: "ignore" }).status !== 0) return undefined;
  if (bundle === undefined) {
    const folder = mkdtempSync(join(tmpdir(), "hardlight-interop-"));
    process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
    const [bun, ...first] = commandOf("bun");
    const file = join(folder, "client.mjs");
    const { status } = spawnSync(
      bun,
      [...first, "build", "--target", "node", here("our_client.ts"), "--outfile", file],
      { stdio: ["ignore", "ignore", "inherit"], cwd: here("../..") },
    );
    if (status !== 0) return undefined;
    bundle = file;
  }
  return ["node", bundle];
}

/** The possible clients. */
export type ClientSide = "Rust" | "Deno" | "Bun" | "Node";
/** The possible servers. */
export type ServerSide = "Rust" | "Deno" | "Bun";

/** A client's program, if it can run here. */
export function clientProgram(side: ClientSide): Program | undefined {
  if (side === "Rust") return RUST;
  return side === "Node" ? nodeClient() : ours(side === "Deno" ? "deno" : "bun", "our_client.ts");
}

/** A server's program, if it can run here. */
export function serverProgram(side: ServerSide): Program | undefined {
  return side === "Rust" ? RUST : ours(side === "Deno" ? "deno" : "bun", "our_server.ts");
}

/** Pairs of client and server, one of them Rust. Rust with Rust shows that a failure elsewhere is not the peer's. */
export const PAIRS: readonly (readonly [ClientSide, ServerSide])[] = [
  ["Rust", "Rust"],
  ["Rust", "Deno"],
  ["Rust", "Bun"],
  ["Deno", "Rust"],
  ["Bun", "Rust"],
  ["Node", "Rust"],
];
