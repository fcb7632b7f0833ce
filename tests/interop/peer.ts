/**
 * Drives the Rust peer: starts it as a server or a client and speaks its JSON lines.
 *
 * `node:` modules only, so that it works on Deno, Bun and Node.
 *
 * @module
 */
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { createInterface } from "node:readline";
import { signalChild, spawnChild } from "../support/children.ts";

export { builtPeer, preparePeer } from "./prepare.ts";

/** The services the peer serves and calls; their methods are listed in `README.md`. */
export type Service = "counter" | "pet" | "todo" | "custom" | "echo";

/** A further service for {@linkcode startServer}, used only by the conformance kit. */
export type ServedService = Service | "conformance";

/** Any value in JSON, in the format of `tests/vectors/README.md`. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** An object of {@linkcode Json}. */
export interface JsonObject {
  readonly [name: string]: Json;
}

/** The result of a call: its output, the reference's error code, or the reason why there is neither. */
export type Outcome =
  | { readonly ok: Json }
  | { readonly err: string }
  | { readonly failed: string };

/** An event the Rust client received; `event` is null when the payload is none of the service's events. */
export interface PeerEvent {
  /** The topic's bytes in hex. */
  readonly topic: { readonly inner: string; readonly is_string: boolean };
  readonly event: Json;
  /** The payload's bytes in hex. */
  readonly payload: string;
}

/** The peer's path, or the command of a program of this module with the same options and lines. */
export type Program = string | readonly [string, ...string[]];

/** One call of a burst. */
export interface PeerCall {
  readonly call: string;
  readonly args?: JsonObject;
}

/** How {@linkcode startServer} starts the peer. */
export interface ServerOptions {
  /** 0, the default: any free port. */
  readonly port?: number;
  /** The name to listen on. "localhost" by default. */
  readonly host?: string;
  /** PEM files to use instead of a self-signed certificate. */
  readonly cert?: string;
  readonly key?: string;
}

/** How {@linkcode startClient} starts the peer. */
export interface ClientOptions {
  readonly port: number;
  /** "localhost" by default; the reference's TLS cannot verify an IP address. */
  readonly host?: string;
  /** The compression level, 0 to 9. 6 by default. */
  readonly level?: number;
  /** A PEM file of the authorities to trust. Without it any certificate is accepted. */
  readonly ca?: string;
  /** The one certificate to accept: its SHA-256. Our client only. */
  readonly fingerprint?: string;
}

/** A running Rust server. */
export interface PeerServer extends AsyncDisposable {
  readonly port: number;
  /** Kills the process; no close frame is sent, as the reference sends none. */
  stop(): Promise<void>;
}

/** A running, connected Rust client. Its commands are answered one after another. */
export interface PeerClient extends AsyncDisposable {
  /** Calls a method. Given up with `failed: "timed out"` after `timeoutMs`, 10 s by default. */
  call(method: string, args?: JsonObject, timeoutMs?: number): Promise<Outcome>;
  /** Starts all calls at once. */
  burst(calls: readonly PeerCall[]): Promise<readonly Outcome[]>;
  /** The client's copy of the connection's state. */
  state(): Promise<JsonObject>;
  /** Asks for the state until `accepts` accepts it; returns the last one after 5 s. */
  until(accepts: (state: JsonObject) => boolean): Promise<JsonObject>;
  /** The next `count` events, or those that arrive within `timeoutMs`, 10 s by default. */
  events(count: number, timeoutMs?: number): Promise<readonly PeerEvent[]>;
  /** Drops the reference's client: a close frame, then the end of the connection. */
  disconnect(): Promise<void>;
  /** Ends the process. */
  stop(): Promise<void>;
}

/** A running peer process, line by line. */
class PeerProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #lines: AsyncIterator<string>;
  readonly #ended: Promise<void>;
  #errors = "";
  #turn: Promise<unknown> = Promise.resolve();

  constructor(program: Program, mode: string, options: Readonly<Record<string, string | number>>) {
    const args = Object.entries(options).flatMap(([name, value]) => [`--${name}`, String(value)]);
    const [command, ...first] = typeof program === "string" ? [program, mode] : program;
    this.#child = spawnChild(command, [...first, ...args], {
      stdio: ["pipe", "pipe", "pipe"],
    }) as ChildProcessWithoutNullStreams;
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
    this.#child.stderr.on("data", (chunk) => this.#errors += String(chunk));
    this.#child.stdin.on("error", () => {}); // It ended; reading says so.
    this.#ended = new Promise((resolve, reject) => {
      this.#child.once("error", reject);
      this.#child.once("close", () => resolve());
    });
    this.#ended.catch(() => {});
  }

  async line(): Promise<string> {
    const { done, value } = await this.#lines.next();
    if (!done) return value;
    await this.#ended;
    throw new Error(`Cannot go on: the peer ended: ${this.#errors.trim()}`);
  }

  /** Sends a command and returns its answer; commands given at once wait for each other. */
  ask<T>(command: object): Promise<T> {
    const answer = this.#turn.then(async () => {
      this.#child.stdin.write(`${JSON.stringify(command)}\n`);
      return JSON.parse(await this.line()) as T;
    });
    this.#turn = answer.catch(() => {});
    return answer;
  }

  async stop(): Promise<void> {
    this.#child.stdin.end();
    signalChild(this.#child, "SIGKILL");
    await this.#ended;
  }
}

/** The options given, without those left out. */
function given(options: object): Record<string, string | number> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
}

/** Starts a server, and returns once it listens. */
export async function startServer(
  program: Program,
  service: ServedService,
  options: ServerOptions = {},
): Promise<PeerServer> {
  const process = new PeerProcess(program, "server", { service, ...given(options) });
  const port = Number((await process.line()).replace("listening ", ""));
  const stop = () => process.stop();
  return { port, stop, [Symbol.asyncDispose]: stop };
}

/** Starts a client, and returns once it is connected. */
export async function startClient(
  program: Program,
  service: Service,
  options: ClientOptions,
): Promise<PeerClient> {
  const process = new PeerProcess(program, "client", { service, ...given(options) });
  await process.line();

  async function state(): Promise<JsonObject> {
    return (await process.ask<{ state: JsonObject }>({ state: true })).state;
  }
  const stop = () => process.stop();
  return {
    state,
    stop,
    [Symbol.asyncDispose]: stop,
    call: (method, args = {}, timeoutMs) => process.ask({ call: method, args, timeoutMs }),
    async burst(calls) {
      return (await process.ask<{ burst: readonly Outcome[] }>({ burst: calls })).burst;
    },
    async until(accepts) {
      let current = await state();
      for (let i = 0; i < 500 && !accepts(current); i++) {
        await new Promise((resolve) => setTimeout(resolve, 10));
        current = await state();
      }
      return current;
    },
    async events(count, timeoutMs) {
      const command = { events: count, timeoutMs };
      return (await process.ask<{ events: readonly PeerEvent[] }>(command)).events;
    },
    async disconnect() {
      await process.ask({ disconnect: true });
    },
  };
}
