/**
 * {@linkcode WatchedServer}: `servers/idle.ts` in its own process, on any runtime, which reports its memory and CPU time.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { buildForNode } from "./on_node.ts";
import { onServerCore } from "./pin.ts";

const SERVER = fileURLToPath(new URL("servers/idle.ts", import.meta.url));

const COMMANDS: Readonly<Record<string, () => readonly string[]>> = {
  deno: () => ["deno", "run", "-A", "--quiet", "--v8-flags=--expose-gc", SERVER],
  bun: () => ["bun", SERVER],
  node: () => ["node", "--expose-gc", buildForNode("servers/idle.ts")],
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
