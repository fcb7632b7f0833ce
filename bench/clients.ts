/**
 * Many clients at once, each calling one after the other: hardlight, compared with raw WebSockets.
 *
 * @module
 */
import { openHardlight } from "./hardlight_peers.ts";
import type { Options } from "./options.ts";
import type { Peer } from "./peer.ts";
import { openBuiltIn, openOwn } from "./raw_peers.ts";
import { progress } from "./progress.ts";
import { type Address, ServerProcess } from "./server_process.ts";
import { digits, median, percentile, times } from "./statistics.ts";
import type { Table } from "./table.ts";

const CLIENTS: readonly number[] = [1, 10, 100];

interface Entry {
  readonly name: string;
  readonly server: "echo" | "counter";
  readonly open: (address: Address) => Promise<Peer>;
}

const ENTRIES: readonly Entry[] = [
  { name: "raw echo, own client", server: "echo", open: (address) => openOwn(address) },
  { name: "raw echo, built-in client", server: "echo", open: (address) => openBuiltIn(address) },
  { name: "hardlight get", server: "counter", open: (address) => openHardlight(address, "get") },
  {
    name: "hardlight increment",
    server: "counter",
    open: (address) => openHardlight(address, "increment"),
  },
];

interface Turn {
  readonly perSecond: number;
  readonly p50Us: number;
  readonly serverUs: number;
}

async function turn(peers: readonly Peer[], server: ServerProcess, ms: number): Promise<Turn> {
  const samples: number[] = [];
  const cpuStart = await server.cpuUs();
  const start = performance.now();
  const end = start + ms;
  await Promise.all(peers.map(async (peer) => {
    for (let from = performance.now(); from < end;) {
      await peer.call();
      const now = performance.now();
      samples.push((now - from) * 1000);
      from = now;
    }
  }));
  const seconds = (performance.now() - start) / 1000;
  const serverUs = (await server.cpuUs() - cpuStart) / samples.length;
  const p50Us = percentile(Float64Array.from(samples).sort(), 0.5);
  return { perSecond: samples.length / seconds, p50Us, serverUs };
}

/** Run all rounds. */
export async function runClients(options: Options): Promise<Table> {
  using servers = new DisposableStack();
  const started = {
    echo: servers.use(await ServerProcess.start("echo", false)),
    counter: servers.use(await ServerProcess.start("counter", false)),
  };
  const crowds = ENTRIES.map((entry) => ({ ...entry, peers: [] as Peer[] }));
  const rows: string[][] = [];
  for (const size of CLIENTS) {
    for (const { open, server, peers } of crowds) {
      while (peers.length < size) peers.push(await open(started[server].address));
    }
    const turns = crowds.map((): Turn[] => []);
    // Round -1 warms up.
    for (let round = -1; round < options.rounds; round++) {
      progress(`clients: ${size}, round ${round + 1} of ${options.rounds}`);
      for (let i = 0; i < crowds.length; i++) {
        const at = (i + round + crowds.length) % crowds.length;
        const crowd = crowds[at];
        if (crowd === undefined) continue;
        const result = await turn(crowd.peers, started[crowd.server], options.floodMs);
        if (round >= 0) turns[at]?.push(result);
      }
    }
    const floor = turns[0] ?? [];
    crowds.forEach(({ name }, at) => {
      const theirs = turns[at] ?? [];
      const toFloor = theirs.map(({ perSecond }, i) => perSecond / (floor[i]?.perSecond ?? NaN));
      rows.push([
        `${size}, ${name}`,
        digits(median(theirs.map(({ perSecond }) => perSecond))),
        times(median(toFloor)),
        digits(median(theirs.map(({ p50Us }) => p50Us))),
        digits(median(theirs.map(({ serverUs }) => serverUs))),
      ]);
    });
  }
  for (const { peers } of crowds) await Promise.all(peers.map((peer) => peer.close()));
  return {
    title: "Many clients, each one call after the other, ws",
    columns: ["", "calls/s", "÷ own", "p50 µs", "server µs a call"],
    rows,
  };
}
