/**
 * Round trips: hardlight, compared with raw WebSockets of the same runtime.
 *
 * @module
 */
import { openHardlight, type Operation } from "./hardlight_peers.ts";
import type { Options } from "./options.ts";
import type { Peer } from "./peer.ts";
import { openBuiltIn, openOwn } from "./raw_peers.ts";
import { progress } from "./progress.ts";
import { type FloodTurn, floodTurn, type LatencyTurn, latencyTurn } from "./rounds.ts";
import { type Address, ServerProcess } from "./server_process.ts";

/** How many calls are in flight. */
export const DEPTHS: readonly number[] = [16, 64, 256];

/** With and without TLS. */
export const SCHEMES = ["ws", "wss"] as const;
/** One of them. */
export type Scheme = typeof SCHEMES[number];

/** The floor with the same kind of client. */
export const FLOOR_OWN = "raw echo, own client";
/** The floor with the runtime's `WebSocket`. */
export const FLOOR_BUILT_IN = "raw echo, built-in client";

/** The results of one contender, turn by turn. */
export interface Result {
  readonly name: string;
  readonly scheme: Scheme;
  readonly latency: readonly LatencyTurn[];
  /** By {@linkcode DEPTHS}; empty for those that are not flooded. */
  readonly floods: readonly (readonly FloodTurn[])[];
}

interface Entry {
  readonly name: string;
  readonly server: "echo" | "counter";
  readonly open: (address: Address) => Promise<Peer>;
  readonly flooded: boolean;
  /** Left out by `--quick`. */
  readonly extra?: boolean;
}

const hardlight = (operation: Operation, level?: number): Entry["open"] => (address) =>
  openHardlight(address, operation, level);

const ENTRIES: readonly Entry[] = [
  { name: FLOOR_OWN, server: "echo", open: (address) => openOwn(address), flooded: true },
  { name: "hardlight increment", server: "counter", open: hardlight("increment"), flooded: true },
  { name: "hardlight get", server: "counter", open: hardlight("get"), flooded: true },
  { name: FLOOR_BUILT_IN, server: "echo", open: openBuiltIn, flooded: true },
  {
    name: "raw echo, own client, two answers",
    server: "echo",
    open: (address) => openOwn(address, "/twice"),
    flooded: true,
  },
  { name: "hardlight event round", server: "counter", open: hardlight("event"), flooded: false },
  {
    name: "hardlight increment, level 0",
    server: "counter",
    open: hardlight("increment", 0),
    flooded: false,
    extra: true,
  },
  {
    name: "hardlight increment, level 1",
    server: "counter",
    open: hardlight("increment", 1),
    flooded: false,
    extra: true,
  },
];

interface Contender extends Result {
  readonly server: ServerProcess;
  readonly peer: Peer;
  readonly latency: LatencyTurn[];
  readonly floods: FloodTurn[][];
}

/** Run all rounds. */
export async function runRpc(options: Options): Promise<readonly Result[]> {
  using servers = new DisposableStack();
  const contenders: Contender[] = [];
  for (const scheme of SCHEMES) {
    const started = {
      echo: servers.use(await ServerProcess.start("echo", scheme === "wss")),
      counter: servers.use(await ServerProcess.start("counter", scheme === "wss")),
    };
    for (const { name, server, open, flooded, extra = false } of ENTRIES) {
      if (extra && options.quick) continue;
      contenders.push({
        name,
        scheme,
        server: started[server],
        peer: await open(started[server].address),
        latency: [],
        floods: flooded ? DEPTHS.map(() => []) : [],
      });
    }
  }
  progress("rpc: warming up");
  for (const contender of contenders) await turn(contender, options);
  for (const { latency, floods } of contenders) {
    latency.length = 0;
    for (const flood of floods) flood.length = 0;
  }
  for (let round = 0; round < options.rounds; round++) {
    progress(`rpc: round ${round + 1} of ${options.rounds}`);
    // Another contender begins each round, so that none always follows the same one.
    for (let i = 0; i < contenders.length; i++) {
      const contender = contenders[(i + round) % contenders.length];
      if (contender !== undefined) await turn(contender, options);
    }
  }
  for (const { peer } of contenders) await peer.close();
  return contenders;
}

async function turn({ peer, server, latency, floods }: Contender, options: Options): Promise<void> {
  latency.push(await latencyTurn(peer, server, options.latencyMs));
  for (const [i, flood] of floods.entries()) {
    flood.push(await floodTurn(peer, server, DEPTHS[i] ?? 1, options.floodMs));
  }
}
