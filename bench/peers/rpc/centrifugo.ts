/**
 * Centrifugo: https://centrifugal.dev/docs/server/configuration. A program of its own, in Go, found as `centrifugo`
 * or by `CENTRIFUGO`; its client is `centrifuge`, JSON as by default. Clients may subscribe and publish in one
 * namespace, which its documentation says how to allow. It has no calls that it answers itself (its RPC goes on to a
 * backend over HTTP), so it has only the rows of events: a publication is the call.
 *
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { listening } from "./listening.ts";
import { load } from "./load.ts";
import { RUNTIME, type Ws } from "./native.ts";
import { EVENT, HOST, type RpcPeer } from "./types.ts";

const CHANNEL = "desk:all";
const HOW = "go install github.com/centrifugal/centrifugo/v6@v6.9.1, and CENTRIFUGO=its path";
let pid = 0;
let program: ChildProcess | undefined;

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listening(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

interface Subscription {
  on(event: "publication", listener: () => void): void;
  subscribe(): void;
  ready(timeoutMs: number): Promise<void>;
  publish(text: string): Promise<unknown>;
}

interface Centrifugo {
  readonly Centrifuge: new (url: string, options: { websocket: typeof WebSocket }) => {
    newSubscription(channel: string): Subscription;
    connect(): void;
    disconnect(): void;
  };
}

/** A server in Go, which ends with this process. */
export const peer: RpcPeer = {
  async serve() {
    const port = await freePort();
    const folder = mkdtempSync(`${tmpdir()}/hardlight-centrifugo-`);
    const config = `${folder}/config.json`;
    writeFileSync(
      config,
      JSON.stringify({
        http_server: { address: HOST, port: `${port}` },
        log: { level: "error" },
        client: { allow_anonymous_connect_without_token: true, allowed_origins: ["*"] },
        channel: {
          namespaces: [{
            name: "desk",
            allow_subscribe_for_client: true,
            allow_subscribe_for_anonymous: true,
            allow_publish_for_subscriber: true,
            allow_publish_for_anonymous: true,
          }],
        },
      }),
    );
    const command = process.env["CENTRIFUGO"] ?? "centrifugo";
    const child = spawn(command, ["-c", config], { stdio: ["ignore", "ignore", "inherit"] });
    program = child;
    const failed = new Promise<never>((_, reject) =>
      child.once("error", (error) => {
        rmSync(folder, { recursive: true, force: true });
        reject(new Error(`${error.message}: ${HOW}`));
      })
    );
    failed.catch(() => {});
    pid = child.pid ?? 0;
    process.on("exit", () => {
      child.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    });
    // This process ends after it, so that something waits for it.
    process.on("SIGTERM", () => child.kill("SIGKILL"));
    child.once("exit", () => process.exit());
    for (let tries = 0;; tries++) {
      try {
        await Promise.race([fetch(`http://${HOST}:${port}/`), failed]);
        return port;
      } catch (error) {
        if (pid === 0 || tries === 100) throw error;
        await sleep(50);
      }
    }
  },
  async stop() {
    if (program === undefined || program.exitCode !== null || program.signalCode !== null) return;
    const ended = once(program, "exit");
    program.kill("SIGKILL");
    await ended;
  },
  // In nanoseconds, by thread: `/proc/${pid}/stat` counts ticks of 10 ms, of which a turn has a few.
  cpuUs() {
    const threads = `/proc/${pid}/task`;
    return readdirSync(threads).reduce((us, thread) => {
      const [ns = "0"] = readFileSync(`${threads}/${thread}/schedstat`, "utf8").split(" ");
      return us + Number(ns) / 1000;
    }, 0);
  },
  async open(port) {
    const { Centrifuge } = await load<Centrifugo>("centrifuge");
    const websocket = RUNTIME === "node" ? (await load<Ws>("ws")).WebSocket : globalThis.WebSocket;
    const client = new Centrifuge(`ws://${HOST}:${port}/connection/websocket`, { websocket });
    const subscription = client.newSubscription(CHANNEL);
    let heard = (): void => {};
    subscription.on("publication", () => heard());
    client.connect();
    return {
      async listen(onEvent) {
        heard = onEvent;
        subscription.subscribe();
        await subscription.ready(5000);
      },
      emit: () => subscription.publish(EVENT),
      close: () => client.disconnect(),
    };
  },
};
