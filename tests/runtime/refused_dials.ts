/** Prints the bytes that a failed dial over TLS leaks, for each way to fail. */

import net from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { dial } from "../../runtime/node/dial.ts";
import { Recorder } from "../support/echo.ts";

const ATTEMPTS = 400;
setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

/** The memory in use after everything has ended. */
async function heldBytes(): Promise<number> {
  for (let i = 0; i < 5; i++) {
    await new Promise((resolve) => setTimeout(resolve, 30));
    collect();
  }
  return Deno.memoryUsage().heapUsed;
}

async function bytesEach(attempt: () => Promise<unknown>): Promise<number> {
  for (let i = 0; i < 50; i++) await attempt();
  const before = await heldBytes();
  for (let i = 0; i < ATTEMPTS; i++) await attempt();
  return Math.round((await heldBytes() - before) / ATTEMPTS);
}

const server = net.createServer((socket) => {
  socket.on("error", () => {});
  socket.resume();
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const address = server.address();
const port = typeof address === "object" ? address?.port : undefined;
const refused = await bytesEach(() => Recorder.dial(dial, "wss://127.0.0.1:1").catch(() => {}));
const aborted = await bytesEach(() => {
  const controller = new AbortController();
  setTimeout(() => controller.abort(), 1);
  return Recorder.dial(dial, `wss://127.0.0.1:${port}`, { signal: controller.signal })
    .catch(() => {});
});
// deno-lint-ignore no-console
console.log(JSON.stringify({ refused, aborted }));
server.close();
