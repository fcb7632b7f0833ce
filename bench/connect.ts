/**
 * Time to open a connection, and to answer its first call.
 *
 * @module
 */
import { openHardlight } from "./hardlight_peers.ts";
import type { Options } from "./options.ts";
import type { Peer } from "./peer.ts";
import { openBuiltIn, openOwn } from "./raw_peers.ts";
import { progress } from "./progress.ts";
import { SCHEMES } from "./rpc.ts";
import { type Address, ServerProcess } from "./server_process.ts";
import { digits, median, percentile, times } from "./statistics.ts";
import type { Table } from "./table.ts";

const ENTRIES: readonly {
  readonly name: string;
  readonly server: "echo" | "counter";
  readonly open: (address: Address) => Promise<Peer>;
}[] = [
  { name: "raw, own client", server: "echo", open: (address) => openOwn(address) },
  { name: "raw, built-in client", server: "echo", open: openBuiltIn },
  { name: "hardlight", server: "counter", open: (address) => openHardlight(address, "get") },
];

/** Connect and close again, in turns. */
export async function runConnect(options: Options): Promise<Table> {
  using servers = new DisposableStack();
  const rows: string[][] = [];
  for (const scheme of SCHEMES) {
    const started = {
      echo: servers.use(await ServerProcess.start("echo", scheme === "wss")),
      counter: servers.use(await ServerProcess.start("counter", scheme === "wss")),
    };
    const contenders = ENTRIES.map((entry) => ({
      ...entry,
      address: started[entry.server].address,
      rounds: [] as { readonly openMs: number; readonly firstCallMs: number }[],
    }));
    for (let round = -1; round < options.rounds; round++) {
      progress(`connect: ${scheme}, round ${round + 1} of ${options.rounds}`);
      for (const { open, address, rounds } of contenders) {
        const opened: number[] = [];
        const called: number[] = [];
        for (let i = 0; i < options.connects; i++) {
          const start = performance.now();
          const peer = await open(address);
          opened.push(performance.now() - start);
          await peer.call();
          called.push(performance.now() - start);
          await peer.close();
        }
        if (round >= 0) rounds.push({ openMs: median(opened), firstCallMs: median(called) });
      }
    }
    const floor = contenders[0]?.rounds ?? [];
    for (const { name, rounds } of contenders) {
      const openMs = rounds.map((round) => round.openMs);
      rows.push([
        `${name}, ${scheme}`,
        digits(median(openMs)),
        digits(percentile(Float64Array.from(openMs).sort(), 0)),
        times(median(openMs.map((ms, round) => ms / (floor[round]?.openMs ?? NaN)))),
        digits(median(rounds.map(({ firstCallMs }) => firstCallMs))),
      ]);
    }
  }
  return {
    title: "Connecting",
    columns: ["ms", "p50", "best", "÷ own", "with a first call"],
    rows,
  };
}
