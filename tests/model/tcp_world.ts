/**
 * {@linkcode TcpWorld}: a server and clients with real sockets, and a proxy before each client's server.
 *
 * @module
 */
import { setImmediate as turn, setTimeout as sleep } from "node:timers/promises";
import { type Client, connect, type ConnectOptions } from "../../client.ts";
import { handler, serve, type ServerCore, type ServerOptions } from "../../server.ts";
import { Proxy } from "../support/proxy.ts";
import { scriptedHandlers } from "./handlers.ts";
import { type Auth, type Event, History, type Methods, type State } from "./history.ts";
import { Scripted } from "./service.ts";
import { authorize, type Link, type World } from "./world.ts";

/** How the server listens. */
export type Listening = "ws" | "wss" | "mount";

/** Times as commands say them are this much longer than they are here. */
const TIME_SCALE = 5;
/** Milliseconds in which everything must become idle. */
const PATIENCE_MS = 20_000;
const LIMITS = { closeTimeoutMs: 500 };

interface Listener {
  readonly core: ServerCore<Event>;
  readonly port: number;
  /** Give the port back. */
  end(): void;
}

/** A world of sockets. */
export class TcpWorld implements World {
  readonly history: History = new History(() => performance.now());
  readonly #proxies: Map<number, Proxy> = new Map();
  readonly #frozen: Set<number> = new Set();
  readonly #listening: Listening;
  #listener!: Listener;

  private constructor(listening: Listening) {
    this.#listening = listening;
  }

  /** Start a server. */
  static async start(listening: Listening): Promise<TcpWorld> {
    const world = new TcpWorld(listening);
    world.#listener = await world.#listen();
    return world;
  }

  async #listen(): Promise<Listener> {
    const options: ServerOptions<Auth> = {
      limits: LIMITS,
      authorize,
      onError: (error) => this.history.onServerError(error),
    };
    const handlers = scriptedHandlers(this.history, {
      after: (delayMs, run) => void setTimeout(run, delayMs / TIME_SCALE),
    });
    if (this.#listening === "mount") return mount(options, handlers);
    const server = await serve<Methods, State, Event, Auth>(
      Scripted,
      { ...options, port: 0, tls: this.#listening === "wss" ? "self-signed" : "plain" },
      handlers,
    );
    return { core: server, port: server.port, end() {} };
  }

  get server(): ServerCore<Event> {
    return this.#listener.core;
  }

  async connect(
    index: number,
    options: ConnectOptions<Methods, State>,
  ): Promise<Client<Methods, State, Event>> {
    const proxy = await Proxy.start(this.#listener.port);
    this.#proxies.set(index, proxy);
    const secure = this.#listening === "wss";
    return await connect(Scripted, `${secure ? "wss" : "ws"}://127.0.0.1:${proxy.port}`, {
      ...options,
      limits: LIMITS,
      ...(secure && { tls: "self-signed" }),
    });
  }

  link(index: number): Link {
    const proxy = this.#proxies.get(index)!;
    return {
      cut: () => proxy.cut(),
      cutAfter: (amount) => proxy.cutAfter(amount),
      halfClose: (direction) => proxy.halfClose(direction),
      stall: (direction) => {
        proxy.stall(direction);
      },
      freeze: () => {
        this.#frozen.add(index);
        proxy.freeze();
      },
      heal: () => {
        const frozen = this.#frozen.delete(index);
        if (frozen) proxy.thaw();
        else proxy.resume();
      },
    };
  }

  async restart(deadlineMs: number, goneMs: number): Promise<void> {
    const { core, end } = this.#listener;
    const leave = this.history.enter("server.close()");
    void core.close({ deadlineMs }).then(end).then(leave);
    await sleep(goneMs / TIME_SCALE);
    this.#listener = await this.#listen();
    for (const proxy of this.#proxies.values()) proxy.targetPort = this.#listener.port;
  }

  async turns(count: number): Promise<void> {
    if (count % 3 === 0) await turn();
    for (let i = 0; i < count; i++) await Promise.resolve();
  }

  async pass(ms: number): Promise<void> {
    await sleep(ms / TIME_SCALE);
  }

  async rest(holds: () => boolean): Promise<void> {
    await sleep(1);
    for (const until = performance.now() + PATIENCE_MS; !holds();) {
      if (performance.now() > until) return;
      await sleep(2);
    }
  }

  leftBehind(): unknown {
    return "";
  }

  async dispose(): Promise<void> {
    for (const index of this.#proxies.keys()) this.link(index).heal();
    const { core, end } = this.#listener;
    await core.close();
    end();
    for (const proxy of this.#proxies.values()) await proxy[Symbol.asyncDispose]();
  }
}

interface BunLike {
  serve(options: object): { readonly port: number; stop(all: boolean): Promise<void> };
}

/** A server of Deno's or Bun's own. */
function mount(
  options: ServerOptions<Auth>,
  handlers: ReturnType<typeof scriptedHandlers>,
): Listener {
  const mounted = handler<Methods, State, Event, Auth>(Scripted, options, handlers);
  const { Bun } = globalThis as { Bun?: BunLike };
  if (Bun !== undefined) {
    const server = Bun.serve({ ...mounted, port: 0, hostname: "127.0.0.1" });
    return { core: mounted, port: server.port, end: () => void server.stop(true) };
  }
  const over = new AbortController();
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", signal: over.signal, onListen() {} },
    mounted.fetch as (request: Request) => Response,
  );
  return { core: mounted, port: server.addr.port, end: () => over.abort() };
}
