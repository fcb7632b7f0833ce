/**
 * `serve()` on Deno, compared with a mount on `Deno.serve`, and both with an echo on a bare `Deno.serve`:
 * `deno run -A bench/deno_serve.ts [--rounds 5] [--cores 2]`.
 *
 * Each server has its own process, and a turn in each round. By default client and server have a core each, as on two
 * machines: where the system moves them, the same call takes 25 or 60 µs.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import process from "node:process";
import { connect } from "../client.ts";
import type { ClientOf } from "../client.ts";
import { type Cores, pin } from "./pin.ts";
import { callFrame, openPlain } from "./plain_sockets.ts";
import { progress } from "./progress.ts";
import { type Address, ServerProcess } from "./server_process.ts";
import { Desk } from "./servers/deno_serve.ts";
import { digits, median, times } from "./statistics.ts";

const args = process.argv.slice(2);
const option = (name: string, fallback: string): string => {
  const at = args.indexOf(`--${name}`);
  return at === -1 ? fallback : args[at + 1] ?? fallback;
};
const rounds = Number(option("rounds", "5"));
const cores = pin(option("cores", "2") as Cores);
const CALLS = 2000;
const IN_FLIGHT = 256;
const SUBSCRIBERS = 100;
const CONNECTS = 200;
const WAYS = ["raw", "serve", "mount"] as const;
type Way = typeof WAYS[number];

/** Calls without hardlight: one message, and its echo. */
class Raw {
  readonly #socket: WebSocket;
  #waiting: (() => void)[] = [];

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = () => this.#waiting.shift()!();
  }

  static async open({ url, ca }: Address): Promise<Raw> {
    const client = ca === "" ? undefined : Deno.createHttpClient({ caCerts: [ca] });
    // Deno's own option, which the standard's types do not have.
    const options = (client && { client }) as unknown as string[] | undefined;
    const socket = new WebSocket(url, options);
    socket.binaryType = "arraybuffer";
    await new Promise<void>((resolve) => socket.onopen = () => resolve());
    return new Raw(socket);
  }

  call(): Promise<void> {
    this.#socket.send(new Uint8Array(40));
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  close(): void {
    this.#socket.close();
  }
}

/** Calls of a peer that does not know the extension `x1`, which is what a Rust client is to a server. */
class PlainPeer {
  readonly #socket: Awaited<ReturnType<typeof openPlain>>;
  readonly #frame = callFrame(Desk, "count", {});
  #frames = 0;
  #answered = (): void => {};

  constructor(socket: Awaited<ReturnType<typeof openPlain>>) {
    this.#socket = socket;
    socket.on("data", (bytes: Uint8Array) => this.#take(bytes));
  }

  static async open({ url }: Address): Promise<PlainPeer> {
    return new PlainPeer(await openPlain(Number(new URL(url).port), true));
  }

  /** Frames of so few bytes come whole. */
  #take(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length; at += 2 + bytes[at + 1]!) this.#frames++;
    if (this.#frames >= 2) this.#answered();
  }

  /** A change of the state, and the answer behind it. */
  call(): Promise<void> {
    this.#frames = 0;
    this.#socket.write(this.#frame);
    return new Promise((resolve) => this.#answered = resolve);
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** Microseconds of each of many calls, one after the other. */
async function latencies(call: () => Promise<unknown>, count = CALLS): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await call();
    times.push((performance.now() - start) * 1000);
  }
  return times.sort((a, b) => a - b);
}

async function perSecond(call: () => Promise<unknown>): Promise<number> {
  const end = performance.now() + 500;
  const start = performance.now();
  let count = 0;
  await Promise.all(Array.from({ length: IN_FLIGHT }, async () => {
    for (; performance.now() < end; count++) await call();
  }));
  return count / (performance.now() - start) * 1000;
}

const opened: Disposable[] = [];
async function start(way: Way, tls: boolean): Promise<ServerProcess> {
  const script = new URL("servers/deno_serve.ts", import.meta.url);
  const server = await ServerProcess.run(script, ["--way", way, ...(tls ? ["--tls"] : [])]);
  opened.push(server);
  return server;
}

type DeskClient = ClientOf<typeof Desk>;
const open = ({ address: { url, ca } }: ServerProcess): Promise<DeskClient> =>
  connect(Desk, url, ca === "" ? {} : { tls: { ca } });

const results = new Map<string, Record<Way, number[]>>();
function note(row: string, way: Way, value: number): void {
  let ways = results.get(row);
  if (ways === undefined) results.set(row, ways = { raw: [], serve: [], mount: [] });
  ways[way].push(value);
}

const plain: Record<string, ServerProcess> = {};
const secure: Record<string, ServerProcess> = {};
for (const way of WAYS) plain[way] = await start(way, false);
for (const way of WAYS) secure[way] = await start(way, true);

for (let round = -1; round < rounds; round++) {
  progress(`round ${round + 1} of ${rounds}`);
  const seen = (row: string, way: Way, value: number): void => {
    if (round >= 0) note(row, way, value);
  };
  for (const way of WAYS) {
    const server = plain[way]!;
    if (way === "raw") {
      const raw = await Raw.open(server.address);
      const sorted = await latencies(() => raw.call());
      seen("one call, p50, µs", way, sorted[CALLS >> 1]!);
      seen("one call, p99, µs", way, sorted[Math.floor(CALLS * 0.99)]!);
      seen("256 in flight, calls a second", way, await perSecond(() => raw.call()));
      const dials = await latencies(
        async () => (await Raw.open(server.address)).close(),
        CONNECTS,
      );
      seen("connecting, p50, µs", way, dials[CONNECTS >> 1]!);
      raw.close();
      const safe = await Raw.open(secure[way]!.address);
      seen("a call over TLS, p50, µs", way, (await latencies(() => safe.call(), 200))[100]!);
      safe.close();
      continue;
    }
    await using client = await open(server);
    const call = () => client.rpc.add({ a: 1, b: 2 });
    const sorted = await latencies(call);
    seen("one call, p50, µs", way, sorted[CALLS >> 1]!);
    seen("one call, p99, µs", way, sorted[Math.floor(CALLS * 0.99)]!);
    seen("256 in flight, calls a second", way, await perSecond(call));
    const dials = await latencies(async () => await (await open(server)).close(), CONNECTS);
    seen("connecting, p50, µs", way, dials[CONNECTS >> 1]!);
    await using safe = await open(secure[way]!);
    const changes = await latencies(() => safe.rpc.count(), 200);
    seen("a call that changes state, over TLS, p50, µs", way, changes[100]!);
    const peer = await PlainPeer.open(secure[way]!.address);
    seen(
      "the same for a peer without `x1`, p50, µs",
      way,
      (await latencies(() => peer.call(), 200))[100]!,
    );
    peer.close();
    seen(
      "a call over TLS, p50, µs",
      way,
      (await latencies(() => safe.rpc.add({ a: 1, b: 2 }), 200))[100]!,
    );
    const crowd = await Promise.all(Array.from({ length: SUBSCRIBERS }, () => open(server)));
    const streams = crowd.map((each) => each.events());
    const events = await latencies(async () => {
      const all = streams.map((stream) => stream.next());
      await Promise.all([client.rpc.publish(), ...all]);
    }, 200);
    seen("an event to 100 connections, p50, µs", way, events[100]!);
    for (const each of crowd) await each.close();
  }
}
for (const each of opened) each[Symbol.dispose]();

console.log(
  `\ncores: ${cores}, rounds: ${rounds}\n\n| | raw Deno.serve | serve() | mount on Deno.serve | serve() ÷ mount |`,
);
console.log("| --- | ---: | ---: | ---: | ---: |");
for (const [row, ways] of results) {
  const ratios = ways.serve.map((value, i) => value / ways.mount[i]!);
  const cells = WAYS.map((way) => ways[way].length === 0 ? "" : digits(median(ways[way])));
  console.log(`| ${row} | ${cells.join(" | ")} | ${times(median(ratios))} |`);
}
