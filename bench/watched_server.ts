/**
 * {@linkcode WatchedServer}: `servers/idle.ts` in its own process, on any runtime, which reports its memory and CPU time.
 *
 * @module
 */
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onServerCore } from "./pin.ts";

const SERVER = fileURLToPath(new URL("servers/idle.ts", import.meta.url));
let folder: string | undefined;

/** Node does not run TypeScript: for it the server is bundled, and `ws` fetched. */
function buildForNode(): string {
  folder ??= mkdtempSync(`${tmpdir()}/hardlight-idle-`);
  const out = `${folder}/idle.mjs`;
  execFileSync("npm", ["install", "--silent", "--no-audit", "--prefix", folder, "ws@8.23.0"]);
  const flags = ["--bundle", "--format=esm", "--platform=node", "--target=node20"];
  execFileSync("deno", [
    "run",
    "-A",
    "npm:esbuild@0.28.2",
    SERVER,
    ...flags,
    "--external:ws",
    "--log-level=error",
    `--outfile=${out}`,
  ]);
  return out;
}

/** Delete the built files. */
export function removeBuilt(): void {
  if (folder !== undefined) rmSync(folder, { recursive: true });
}

const COMMANDS: Readonly<Record<string, () => readonly string[]>> = {
  deno: () => ["deno", "run", "-A", "--quiet", "--v8-flags=--expose-gc", SERVER],
  bun: () => ["bun", SERVER],
  node: () => ["node", "--expose-gc", buildForNode()],
};

/** The command that starts the server on a runtime. */
export function commandFor(runtime: string): readonly string[] {
  const command = COMMANDS[runtime]?.();
  if (command === undefined) throw new TypeError(`No runtime ${runtime}: expected deno, bun, node`);
  return command;
}

/** Bytes that a server has of each kind. */
export interface Memory {
  readonly rss: number;
  readonly heapUsed: number;
  readonly external: number;
}

/** A server, its memory and its CPU time. */
export class WatchedServer implements Disposable {
  readonly port: number;
  readonly #child: ReturnType<typeof spawn>;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: ReturnType<typeof spawn>, lines: AsyncIterator<string>, port: number) {
    this.#child = child;
    this.#lines = lines;
    this.port = port;
  }

  static async start(
    command: readonly string[],
    kind: string,
    secure = false,
  ): Promise<WatchedServer> {
    const [first = "", ...rest] = command;
    const [program, args] = onServerCore(first, [...rest, kind, ...(secure ? ["--tls"] : [])]);
    const child = spawn(program, args, { stdio: ["pipe", "pipe", "inherit"] });
    if (child.stdout === null) throw new TypeError("The server has no stdout");
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const { value } = await lines.next();
    return new WatchedServer(child, lines, Number(String(value).slice("listening ".length)));
  }

  async #ask<T>(what: "memory" | "cpu"): Promise<T> {
    this.#child.stdin?.write(`${what}\n`);
    return JSON.parse((await this.#lines.next()).value ?? "") as T;
  }

  /** After a collection. */
  memory(): Promise<Memory> {
    return this.#ask("memory");
  }

  /** CPU time so far, in microseconds. */
  cpuUs(): Promise<number> {
    return this.#ask("cpu");
  }

  [Symbol.dispose](): void {
    this.#child.stdin?.end();
  }
}
