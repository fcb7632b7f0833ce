/**
 * Turns: every contender has one in each round, so that other load affects all.
 *
 * @module
 */
import process from "node:process";
import type { Peer } from "./peer.ts";
import type { ServerProcess } from "./server_process.ts";

/** CPU time of one operation, in microseconds. */
export interface CpuUs {
  readonly client: number;
  readonly server: number;
}

/** One turn of calls, one after the other. */
export interface LatencyTurn {
  /** The microseconds of each, in order. */
  readonly samplesUs: Float64Array;
  readonly cpu: CpuUs;
}

/** One turn of calls in flight. */
export interface FloodTurn {
  readonly perSecond: number;
  readonly cpu: CpuUs;
}

/** Call one after the other. */
export async function latencyTurn(
  peer: Peer,
  server: ServerProcess,
  durationMs: number,
): Promise<LatencyTurn> {
  const samples: number[] = [];
  const run = async (): Promise<number> => {
    const end = performance.now() + durationMs;
    for (let start = performance.now(); start < end;) {
      await peer.call();
      const now = performance.now();
      samples.push((now - start) * 1000);
      start = now;
    }
    return samples.length;
  };
  const cpu = await withCpu(server, run);
  return { samplesUs: Float64Array.from(samples), cpu };
}

/** Call many at once. */
export async function floodTurn(
  peer: Peer,
  server: ServerProcess,
  inFlight: number,
  durationMs: number,
): Promise<FloodTurn> {
  let perSecond = 0;
  const cpu = await withCpu(server, async () => {
    const start = performance.now();
    const count = await peer.flood(inFlight, durationMs);
    perSecond = count / (performance.now() - start) * 1000;
    return count;
  });
  return { perSecond, cpu };
}

async function withCpu(server: ServerProcess, run: () => Promise<number>): Promise<CpuUs> {
  const serverStart = await server.cpuUs();
  const start = process.cpuUsage();
  const count = await run();
  const { user, system } = process.cpuUsage(start);
  const serverUs = await server.cpuUs() - serverStart;
  return { client: (user + system) / count, server: serverUs / count };
}
