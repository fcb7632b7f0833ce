/**
 * A node in a separate process, whose engine hangs while it emits small events on many topics, or each event on
 * a separate long topic. Prints the memory in mebibytes, and the dropped events.
 *
 * @module
 */
import process from "node:process";
import { memoryPair } from "../../memory.ts";
import { type EngineId, openBroker } from "./engines.ts";
import { until } from "../support/until.ts";
import { numbers, sleep } from "./members.ts";
import { Rooms, rooms } from "./rooms.ts";

const [, , engine, port, topicBytes = ""] = process.argv;
const { broker, close } = await openBroker(engine as EngineId, Number(port));
await using pair = await memoryPair(Rooms, rooms(() => undefined), {
  server: { broker, onError() {} },
});
await until(() => pair.server.broker?.link === "up");
const ROOMS = numbers(1000).map((number) => `room ${number}`);
let number = 0;
function emit(count: number): void {
  for (let i = 0; i < count; i++) {
    const room = topicBytes === ""
      ? ROOMS[number % 1000]!
      : `${number} `.padEnd(Number(topicBytes), "x");
    pair.server.events.emit(room, { type: "said", from: 0, number: number++ });
  }
}
for (let i = 0; i < 20; i++) {
  emit(1000);
  await sleep(5);
  await until(() => pair.server.broker!.pendingBytes === 0);
}
/** Memory in use, with the kernel's share: garbage is collected first where possible. */
async function mebibytes(): Promise<number> {
  const { gc, Bun } = globalThis as { gc?: () => void; Bun?: { gc(force: boolean): void } };
  for (let i = 0; i < 3; i++) {
    gc?.();
    Bun?.gc(true);
    await sleep(10);
  }
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return (heapUsed + Math.max(external, arrayBuffers)) / 2 ** 20;
}
/** The same once the engine's client has handed on what it was given, of which it makes copies: it falls until then. */
async function settled(): Promise<number> {
  for (let last = Infinity;;) {
    const now = await mebibytes();
    if (now > last - 1) return now;
    last = now;
    await sleep(200);
  }
}
const before = await mebibytes();
process.stdout.write("hang\n");
await new Promise((resolve) => process.stdin.once("data", resolve));
let most = 0;
for (let turn = 0; turn < 60 && pair.server.broker!.link === "up"; turn++) {
  emit(10_000);
  await sleep(20);
  if (turn % 20 === 19) most = Math.max(most, await settled() - before);
}
most = Math.max(most, await settled() - before);
const { dropped, published } = pair.server.broker!;
process.stdout.write(`${JSON.stringify({ most, dropped, published })}\n`);
process.stdin.once("end", () => process.exit(0));
process.stdin.resume();
await new Promise((resolve) => process.stdin.once("end", resolve));
await close();
