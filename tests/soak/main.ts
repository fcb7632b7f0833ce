/**
 * A server under everything at once for minutes: connects, disconnects, cuts, slow readers, big
 * messages, attacks, and a server that is stopped and started again. Every call is accounted for; memory
 * over time is printed as a table and written as SVG. Ends with 1 if memory grew or a call was lost.
 *
 *     deno task soak -- 5 [soak.svg]        bun tests/soak/main.ts 5 [soak.svg]
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { writeFileSync } from "node:fs";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { type Client, connect } from "../../client.ts";
import { RpcError } from "../../mod.ts";
import { serve, type Server } from "../../server.ts";
import type { CallsOf, ClientMethodsOf, MethodsOf, StateOf } from "../../service/mod.ts";
import { ATTACKS, leave, randomOf, STREAMING, Target } from "../chaos/hostile_peer.ts";
import { Proxy } from "../support/proxy.ts";
import { plot } from "./plot.ts";

const minutes = Number(process.argv.find((each) => /^[0-9.]+$/.test(each)) ?? 1);
const svgPath = process.argv.find((each) => each.endsWith(".svg"));
const CLIENTS = 20;
/** Growth of the median memory of the last third over that of the second, that is still noise. */
const MAX_GROWTH = 1.15;

type TargetClient = Client<MethodsOf<typeof Target>, StateOf<typeof Target>, number>;

const random = randomOf(Number(process.env["CHAOS_SEED"] ?? 1));
const endsAt = performance.now() + minutes * 60_000;
const counts: Record<string, number> = {};
let restarts = 0;
let started = 0;
let settled = 0;
let wrong = 0;

function count(outcome: string): void {
  counts[outcome] = (counts[outcome] ?? 0) + 1;
}

function startServer(port: number): Promise<Server<number>> {
  return serve(
    Target,
    {
      port,
      hostname: "127.0.0.1",
      tls: "plain",
      limits: { closeTimeoutMs: 200, callTimeoutMs: 500 },
      onError() {},
    },
    ({ state, subscriptions, client }) => {
      subscriptions.add("everybody");
      void asking(client);
      return {
        add: ({ amount }) => state.total += amount,
        wait: () => sleep(10).then(() => 1),
        ...STREAMING,
      };
    },
  );
}

/** Call a client until its connection ends, now and then without waiting for its answer. */
async function asking({ confirm }: CallsOf<ClientMethodsOf<typeof Target>>): Promise<void> {
  for (let isOpen = true; isOpen;) {
    started++;
    // Its handler may take longer.
    const options = random(4) === 0 ? { timeoutMs: 1 + random(10) } : {};
    try {
      // Attackers answer otherwise, calls of which they know nothing.
      count(await confirm({}, options) === 7 ? "confirmed" : "confirmed by an attacker");
    } catch (error) {
      const code = error instanceof RpcError ? error.code : "other";
      // An attacker has no extension, or does not answer.
      isOpen = code === "HandlerPanicked" || code === "DeadlineExceeded";
      count(`asked: ${code}`);
    }
    settled++;
    await sleep(random(100));
  }
}

/** A client's ways to answer: at once, later, by an error, or only after the call was cancelled. */
const ANSWERS: readonly ((signal: AbortSignal) => number | Promise<number>)[] = [
  () => 7,
  () => sleep(random(20)).then(() => 7),
  () => Promise.reject(new RpcError("HandlerPanicked", "broken")),
  (signal) => new Promise((resolve) => signal.addEventListener("abort", () => resolve(7))),
];

let server = await startServer(0);
const { port } = server;
const proxy = await Proxy.start(port);
const over = (): boolean => performance.now() >= endsAt;

async function call(client: TargetClient): Promise<void> {
  started++;
  try {
    const before = client.state.current.total;
    const after = await client.rpc.add({ amount: 1 });
    if (client.status.state === "open" && client.state.current.total < after) wrong++;
    count(after > before ? "answered" : "answered anew");
  } catch (error) {
    count(error instanceof RpcError ? error.code : "other");
  }
  settled++;
}

/** Streams both ways, left or cancelled at any item. Items must arrive complete, in order, up to an end. */
async function streaming(client: TargetClient): Promise<void> {
  started++;
  try {
    const from = random(1000);
    const most = random(300);
    if (random(2) === 0) {
      let next = from;
      for await (const number of client.rpc.count({ from })) {
        if (number !== next++) wrong++;
        if (next > from + most) break;
      }
      count("read");
    } else {
      const numbers = Array.from({ length: most }, (_, i) => i);
      const signal = AbortSignal.timeout(1 + random(50));
      const options = random(3) === 0 ? { signal } : {};
      const sum = await client.rpc.sum({ numbers }, options);
      if (sum !== most * (most - 1) / 2) wrong++;
      count("summed");
    }
  } catch (error) {
    count(error instanceof RpcError ? error.code : "other");
  }
  settled++;
}

async function caller(through: number): Promise<void> {
  while (!over()) {
    let client: TargetClient;
    try {
      client = await connect(Target, `ws://127.0.0.1:${through}`, {
        client: { confirm: (_, { signal }) => ANSWERS[random(ANSWERS.length)]!(signal) },
      });
    } catch {
      await sleep(50);
      continue;
    }
    for (let i = random(200); i >= 0 && !over(); i--) {
      const some = Array.from({ length: 1 + random(32) }, (_, i) => i % 8 === 7);
      await Promise.all(some.map((streams) => streams ? streaming(client) : call(client)));
      await sleep(1 + random(10));
    }
    await client.close();
  }
}

async function attacker(): Promise<void> {
  const attacks = Object.values(ATTACKS);
  while (!over()) {
    try {
      const peer = await attacks[random(attacks.length)]!(port, random);
      await sleep(random(50));
      leave(peer, random);
    } catch {
      // The server is being started again.
    }
    await sleep(20);
  }
}

async function faults(): Promise<void> {
  while (!over()) {
    await sleep(500 + random(500));
    if (random(2) === 0) proxy.cut();
    else {
      await server.close({ deadlineMs: 100, spreadMs: 100 });
      server = await startServer(port);
      restarts++;
    }
  }
}

async function emitter(): Promise<void> {
  while (!over()) {
    server.events.emit("everybody", restarts);
    await sleep(5);
  }
}

const samples: { readonly seconds: number; readonly mebibytes: number }[] = [];

function collect(): void {
  const { gc, Bun: bun } = globalThis as {
    gc?: () => void;
    readonly Bun?: { gc(force: boolean): void };
  };
  if (bun === undefined) gc?.();
  else bun.gc(true);
}

async function sampler(): Promise<void> {
  const everyMs = Math.max(250, minutes * 60_000 / 60);
  const beganAt = performance.now();
  while (!over()) {
    collect();
    samples.push({
      seconds: Math.round((performance.now() - beganAt) / 1000),
      mebibytes: process.memoryUsage().rss / 2 ** 20,
    });
    await sleep(everyMs);
  }
}

await Promise.all([
  ...Array.from({ length: CLIENTS }, (_, i) => caller(i % 2 === 0 ? proxy.port : port)),
  attacker(),
  faults(),
  emitter(),
  sampler(),
]);
const last = performance.now() + 5000;
while (server.connections > 0 && performance.now() < last) await sleep(20);
const { connections, callsInFlight, topics } = server.stats();
await server.close();
await proxy[Symbol.asyncDispose]();

/** Not the least: one collection that goes further than the others is no growth afterwards. */
const median = (from: number, to: number): number => {
  const part = samples.slice(Math.floor(samples.length * from), Math.ceil(samples.length * to))
    .map(({ mebibytes }) => mebibytes).sort((a, b) => a - b);
  return part[part.length >> 1] ?? NaN;
};
const growth = median(2 / 3, 1) / median(1 / 3, 2 / 3);

console.log("| seconds | memory (MiB) |\n| ------: | -----------: |");
for (const { seconds, mebibytes } of samples) {
  console.log(`| ${seconds} | ${mebibytes.toFixed(1)} |`);
}
console.log(`\n${started} calls, ${settled} settled, ${wrong} with a state that was late:`, counts);
console.log(`${restarts} restarts; left: ${connections} connections, ${topics} topics`);
console.log(`memory of the last third: ${growth.toFixed(3)} of the second`);
if (svgPath !== undefined) writeFileSync(svgPath, plot(samples));
const good = started === settled && wrong === 0 && connections + callsInFlight + topics === 0 &&
  growth < MAX_GROWTH;
console.log(good ? "flat" : "FAILED");
process.exit(good ? 0 : 1);
