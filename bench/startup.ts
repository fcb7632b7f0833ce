/**
 * Time from the start of a process to its first answered call, for a server and for a client.
 *
 * @module
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { openHardlight } from "./hardlight_peers.ts";
import type { Options } from "./options.ts";
import type { Peer } from "./peer.ts";
import { onServerCore } from "./pin.ts";
import { openOwn } from "./raw_peers.ts";
import { progress } from "./progress.ts";
import { type Address, ServerProcess } from "./server_process.ts";
import { digits, median } from "./statistics.ts";
import type { Table } from "./table.ts";

const FIRST_CALL = fileURLToPath(new URL("servers/first_call.ts", import.meta.url));

async function asServer(
  name: "echo" | "counter",
  open: (address: Address) => Promise<Peer>,
): Promise<void> {
  using server = await ServerProcess.start(name, false);
  const peer = await open(server.address);
  await peer.call();
  await peer.close();
}

async function asClient(...args: readonly string[]): Promise<void> {
  const run = process.versions["bun"] === undefined ? ["run", "-A"] : [];
  const [command, all] = onServerCore(process.execPath, [...run, FIRST_CALL, ...args]);
  const child = spawn(command, all, { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  await once(child, "close");
}

/** Start each so often, in turns. */
export async function runStartup(options: Options): Promise<Table> {
  using servers = new DisposableStack();
  const echo = servers.use(await ServerProcess.start("echo", false));
  const counter = servers.use(await ServerProcess.start("counter", false));
  const entries: readonly (readonly [name: string, start: () => Promise<void>])[] = [
    ["the runtime, doing nothing", () => asClient("nothing")],
    ["server, raw echo", () => asServer("echo", (address) => openOwn(address))],
    ["server, hardlight", () => asServer("counter", (address) => openHardlight(address, "get"))],
    ["client, raw `WebSocket`", () => asClient("raw", echo.address.url)],
    ["client, hardlight", () => asClient("hardlight", counter.address.url)],
  ];
  const measured = entries.map((): number[] => []);
  // Round -1 lets the runtime compile and cache the modules.
  for (let round = -1; round < options.rounds; round++) {
    progress(`startup: round ${round + 1} of ${options.rounds}`);
    for (const [i, [, start]] of entries.entries()) {
      const from = performance.now();
      await start();
      if (round >= 0) measured[i]?.push(performance.now() - from);
    }
  }
  const floor = measured[0] ?? [];
  return {
    title: "From the start of the process to its first call",
    columns: ["ms", "median", "without the runtime's own"],
    rows: entries.map(([name], i) => {
      const ms = measured[i] ?? [];
      return [
        name,
        digits(median(ms)),
        i === 0 ? "" : digits(median(ms.map((value, round) => value - (floor[round] ?? NaN)))),
      ];
    }),
    notes: ["From source, as both runtimes cache it; a client's includes the end of its process."],
  };
}
