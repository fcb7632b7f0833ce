/**
 * A peer's server or client in a process of its own: `rpc_process.ts server <id>` prints its port,
 * `rpc_process.ts client <id> <port>` connects. Both then answer each line of JSON with one.
 *
 * @module
 */
import process from "node:process";
import { createInterface } from "node:readline";
import { floodWith } from "../peer.ts";
import { ENTRIES } from "./rpc/peers.ts";
import type { RpcClient, RpcPeer } from "./rpc/types.ts";

/** What a process can be asked. */
export type Question =
  /** CPU time so far, in microseconds. */
  | { readonly ask: "cpu" }
  /** Calls one after the other: what each took, in microseconds. */
  | { readonly ask: "latency"; readonly ms: number }
  /** Calls in flight: how many a second. */
  | { readonly ask: "flood"; readonly inFlight: number; readonly ms: number }
  /** Connect, call and hang up so often: what the first two took, in milliseconds. */
  | { readonly ask: "connect"; readonly times: number }
  /** Connect to another port, and stay. */
  | { readonly ask: "dial"; readonly port: number }
  /** So many calls on that connection. */
  | { readonly ask: "calls"; readonly times: number };

const [role, id, port] = process.argv.slice(2);
const entry = ENTRIES.find((each) => each.id === id);
if (entry === undefined) throw new RangeError(`Unknown peer ${id}`);
// The add-ons of ws and msgpackr are for Node alone, and end the process elsewhere.
if (process.versions["bun"] !== undefined || "Deno" in globalThis) {
  process.env["MSGPACKR_NATIVE_ACCELERATION_DISABLED"] = "true";
  process.env["WS_NO_BUFFER_UTIL"] = "true";
}
const peer = await entry.load();

function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

function say(answer: unknown): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

let amount = 0;

async function checkedCall({ add }: RpcClient): Promise<void> {
  const sent = ++amount % 1_000_000;
  const got = await add(sent);
  if (got !== sent + 1) throw new Error(`Expected ${sent + 1}, got ${got}`);
}

async function client(
  of: RpcPeer,
  address: number,
): Promise<(question: Question) => unknown> {
  const main = await of.open(address);
  await checkedCall(main);
  const call = (): Promise<void> => checkedCall(main);
  let other = main;
  return async (question) => {
    switch (question.ask) {
      case "cpu":
        return cpuUs();
      case "latency": {
        const samples: number[] = [];
        const cpu = cpuUs();
        const end = performance.now() + question.ms;
        for (let start = performance.now(); start < end;) {
          await call();
          const now = performance.now();
          samples.push((now - start) * 1000);
          start = now;
        }
        return { samples, cpuUs: (cpuUs() - cpu) / samples.length };
      }
      case "flood": {
        const cpu = cpuUs();
        const start = performance.now();
        const { inFlight, ms } = question;
        const count = await (main.flood?.(inFlight, ms) ?? floodWith(call, inFlight, ms));
        const seconds = (performance.now() - start) / 1000;
        return {
          count,
          perSecond: count / seconds,
          cpuUs: (cpuUs() - cpu) / count,
        };
      }
      case "connect": {
        const ms: number[] = [];
        for (let i = 0; i < question.times; i++) {
          const start = performance.now();
          const one = await of.open(address);
          await checkedCall(one);
          ms.push(performance.now() - start);
          await one.close();
        }
        return ms;
      }
      case "dial":
        other = await of.open(question.port);
        return await checkedCall(other);
      case "calls":
        for (let i = 0; i < question.times; i++) await checkedCall(other);
        return;
    }
  };
}

let answer: (question: Question) => unknown = cpuUs;
if (role === "server") say(await peer.serve());
else {
  answer = await client(peer, Number(port));
  say("connected");
}
for await (const line of createInterface({ input: process.stdin })) {
  say(await answer(JSON.parse(line) as Question) ?? null);
}
process.exit(0);
