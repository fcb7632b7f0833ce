/**
 * {@linkcode ServerProcess}: a server in its own process.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onServerCore } from "./pin.ts";

/** The address of a listening server. */
export interface Address {
  /** `ws://127.0.0.1:…` or `wss://…`. */
  readonly url: string;
  /** Its certificate in PEM; `""` without TLS. */
  readonly ca: string;
}

/** A server of `servers/`, on the runtime that this runs on. */
export class ServerProcess implements Disposable {
  readonly address: Address;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(
    child: ChildProcess,
    lines: AsyncIterator<string>,
    address: Address,
  ) {
    this.#child = child;
    this.#lines = lines;
    this.address = address;
  }

  /** Start `servers/<name>.ts`, and wait until it listens. */
  static start(
    name: string,
    tls: boolean,
    ...flags: string[]
  ): Promise<ServerProcess> {
    // For Node both are bundles.
    const script = new URL(`servers/${name}${/\.\w+$/.exec(import.meta.url)}`, import.meta.url);
    return ServerProcess.run(script, tls ? ["--tls"] : [], flags);
  }

  /** Start a script that announces itself as those of `servers/` do. */
  static async run(
    script: URL,
    args: readonly string[],
    flags: readonly string[] = [],
  ): Promise<ServerProcess> {
    const runtimeFlags = "Deno" in globalThis ? ["run", "-A"] : [];
    const [command, all] = onServerCore(
      process.execPath,
      [...runtimeFlags, ...flags, fileURLToPath(script), ...args],
    );
    const child = spawn(command, all, { stdio: ["pipe", "pipe", "inherit"] });
    if (child.stdout === null) throw new TypeError("The server has no stdout");
    const lines = createInterface({ input: child.stdout })
      [Symbol.asyncIterator]();
    const { value } = await lines.next();
    const match = /^listening (\d+) (.*)$/.exec(value ?? "");
    if (match === null) {
      throw new Error(`The server ${script} did not start: ${value}`);
    }
    const url = `${args.includes("--tls") ? "wss" : "ws"}://127.0.0.1:${match[1]}`;
    return new ServerProcess(child, lines, {
      url,
      ca: JSON.parse(match[2] ?? '""'),
    });
  }

  /** Its process; `taskset` becomes it. */
  get pid(): number {
    return this.#child.pid ?? NaN;
  }

  /** CPU time it has used so far, in microseconds. */
  async cpuUs(): Promise<number> {
    this.#child.stdin?.write("usage\n");
    const { value } = await this.#lines.next();
    return Number(String(value).slice("usage ".length));
  }

  [Symbol.dispose](): void {
    this.#child.stdin?.end();
  }
}
