/**
 * Real servers of brokers, on separate ports, that tests kill and restart.
 *
 * @module
 */
import { type ChildProcess, spawnSync } from "node:child_process";
import { connect, createServer } from "node:net";
import process from "node:process";
import { spawnChild } from "./children.ts";
import { skipped } from "./required.ts";

/** The command of a server: found, or else installed where that is possible (Debian, as root). */
export function findEngine(name: "nats-server" | "redis-server"): string | undefined {
  const places = [name, `/usr/sbin/${name}`, `/usr/bin/${name}`, `/usr/local/bin/${name}`];
  let found = places.find(runs);
  if (found === undefined && process.getuid?.() === 0) {
    spawnSync("apt-get", ["update", "-qq"], { stdio: "ignore" });
    spawnSync("apt-get", ["install", "-y", "-qq", name], { stdio: "ignore" });
    found = places.find(runs);
  }
  skipped(name, found === undefined && "it does not run");
  return found;
}

function runs(command: string): boolean {
  return spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0;
}

/** A server that can be killed and started again on the same port. */
export class Engine implements AsyncDisposable {
  readonly #command: string;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;
  /** Its port on loopback. */
  readonly port: number;

  /** Create for a command and a port. */
  constructor(command: string, port: number, args: readonly string[]) {
    this.#command = command;
    this.port = port;
    this.#args = args;
  }

  /** Start again. Resolves when it accepts connections. */
  async start(): Promise<void> {
    const child = this.#child = spawnChild(this.#command, this.#args, {
      stdio: ["ignore", "ignore", "ignore"],
    });
    while (!await accepts(this.port)) {
      if (child.exitCode !== null) throw new Error(`${this.#command} ended with ${child.exitCode}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Freeze it, as when the network is cut: its connections stay open. */
  pause(): void {
    this.#signal("SIGSTOP");
  }

  /** Let it read its configuration again. */
  reload(): void {
    this.#signal("SIGHUP");
  }

  /** Resume it. */
  resume(): void {
    this.#signal("SIGCONT");
  }

  /** Deno's `child.kill()` sends no second signal. */
  #signal(signal: "SIGSTOP" | "SIGCONT" | "SIGKILL" | "SIGHUP"): void {
    const { pid, exitCode } = this.#child ?? {};
    if (pid !== undefined && exitCode === null) process.kill(pid, signal);
  }

  /** End it at once, as a crash would. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    this.#signal("SIGKILL");
    this.#child = undefined;
    await ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}

/** A TCP port that is free at present. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === "object" && address !== null) resolve(address.port);
        else reject(new Error("no port"));
      });
    });
  });
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}
