/**
 * A peer's server or client in a separate process: `rpc_process.ts server <id>` prints its port,
 * `rpc_process.ts client <id> <port>` connects. Both then answer each line of JSON with one.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import process from "node:process";
import { createInterface } from "node:readline";
import { ENTRIES } from "./rpc/peers.ts";
import { answering, cpuUs, type Question } from "./rpc_client.ts";

const [role, id, port] = process.argv.slice(2);
const entry = ENTRIES.find((each) => each.id === id);
if (entry === undefined) throw new RangeError(`Unknown peer ${id}`);
// Stdout is for answers; Colyseus prints a banner there.
console.log = console.info = console.debug = console.error;
const peer = await entry.load();

function say(answer: unknown): void {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}

let answer: (question: Question) => unknown = () => peer.cpuUs?.() ?? cpuUs();
if (role === "server") say(await peer.serve());
else {
  answer = await answering(peer, Number(port));
  say("connected");
}
for await (const line of createInterface({ input: process.stdin })) {
  say(await answer(JSON.parse(line) as Question) ?? null);
}
await peer.stop?.();
process.exit(0);
