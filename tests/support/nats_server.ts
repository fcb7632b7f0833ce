/**
 * A real `nats-server` for tests, benchmarks and examples.
 *
 * @module
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { connect, createServer } from "node:net";
import process from "node:process";

const PLACES = ["nats-server", "/usr/sbin/nats-server", "/usr/local/bin/nats-server"];

/** The command that starts it: found, or else installed where that is possible (Debian, as root). */
export function findNatsServer(): string | undefined {
  const found = PLACES.find(runs);
  if (found !== undefined || process.getuid?.() !== 0) return found;
  spawnSync("apt-get", ["update", "-qq"], { stdio: "ignore" });
  spawnSync("apt-get", ["install", "-y", "-qq", "nats-server"], { stdio: "ignore" });
  return PLACES.find(runs);
}

function runs(command: string): boolean {
  return spawnSync(command, ["--version"], { stdio: "ignore" }).status === 0;
}

/** A server that can be killed and started again on the same port. */
export class NatsServer implements AsyncDisposable {
  readonly #command: string;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;
  /** Where it listens on loopback. */
  readonly port: number;

  private constructor(command: string, port: number, args: readonly string[]) {
    this.#command = command;
    this.port = port;
    this.#args = args;
  }

  /** Start one on a free port. */
  static async start(command: string, ...args: string[]): Promise<NatsServer> {
    const server = new NatsServer(command, await freePort(), args);
    await server.start();
    return server;
  }

  /** Start again. Resolves when it accepts connections. */
  async start(): Promise<void> {
    const args = ["-a", "127.0.0.1", "-p", String(this.port), ...this.#args];
    const child = this.#child = spawn(this.#command, args, { stdio: "ignore" });
    while (!await accepts(this.port)) {
      if (child.exitCode !== null) throw new Error(`nats-server ended with ${child.exitCode}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** End it at once, as a crash would. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}

/** A TCP port that nobody uses just now. */
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
