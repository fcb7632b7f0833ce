/**
 * Kills and restarts a server (SIGKILL, another process) under a client that calls all the time. Every
 * call must be answered or fail with a code, and after each reconnect the state must be that of the
 * new connection.
 *
 *     deno run -A tests/soak/restarts.ts 1000 [deno|bun]
 *
 * @module
 */
// deno-lint-ignore-file no-console
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { connectWith } from "../../client/full.ts";
import { Counter } from "../../examples/counter/service.ts";
import { RpcError } from "../../mod.ts";
import { dial } from "../../runtime/node/dial.ts";
import { createZlibDeflater } from "../../runtime/node/zlib.ts";
import { type RuntimeId, start } from "../support/runtimes.ts";

const cycles = Number(process.argv[2] ?? 100);
const runtime: RuntimeId = process.argv[3] === "deno" ? "deno" : "bun";
const counts: Record<string, number> = {};
let started = 0;
let settled = 0;
let wrong = 0;

let program = await start(runtime, "support/counter_server.ts", "plain");
const deflater = createZlibDeflater();
if (deflater === undefined) throw new TypeError("This runtime has no node:zlib");
// A client waits longer each time for a server that dies at once: here at most 0.3 s.
const parts = { dial, deflater, random: () => 0.01 };
const client = await connectWith(Counter, () => JSON.parse(program.firstLine).url, {
  // A counter that was not created is at its default: only calls of this connection count.
  onConnect: ({ state }) => {
    if (state.current.counter !== 0) wrong++;
  },
}, parts);

let over = false;
async function caller(): Promise<void> {
  while (!over) {
    started++;
    try {
      await client.rpc.increment({ amount: 1 });
      counts["answered"] = (counts["answered"] ?? 0) + 1;
    } catch (error) {
      const code = error instanceof RpcError ? error.code : "other";
      counts[code] = (counts[code] ?? 0) + 1;
      await sleep(5);
    }
    settled++;
  }
}
const callers = Array.from({ length: 16 }, caller);

let healed = 0;
for (let cycle = 0; cycle < cycles; cycle++) {
  const old = program;
  const ended = new Promise((resolve) => old.child.once("exit", resolve));
  old.child.kill("SIGKILL");
  await ended;
  program = await start(runtime, "support/counter_server.ts", "plain");
  if (cycle % 100 === 99) console.error(`${cycle + 1} of ${cycles}, ${settled} calls`);
  const deadline = performance.now() + 10_000;
  while (client.status.state !== "open" && performance.now() < deadline) await sleep(2);
  if (client.status.state !== "open") continue;
  healed++;
  try {
    await client.rpc.get();
    const { counter } = client.state.current;
    if (counter > await client.rpc.get()) wrong++;
  } catch {
    wrong++;
  }
}
over = true;
await Promise.all(callers);
const stats = client.stats();
await client.close();
await program[Symbol.asyncDispose]();
console.log(`${cycles} kills, ${healed} healed; ${started} calls, ${settled} settled:`, counts);
console.log(`${wrong} wrong; the client made ${stats.connectionsOpened} connections`);
const good = healed === cycles && started === settled && wrong === 0 &&
  counts["other"] === undefined;
console.log(good ? "all accounted for" : "FAILED");
process.exit(good ? 0 : 1);
