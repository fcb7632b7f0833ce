/**
 * The Rust reference, client and server, where `deno run -A tests/interop/prepare.ts` has built it. It
 * speaks over TLS only, and its client measures itself.
 *
 * @module
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { builtPeer, startServer } from "../../tests/interop/peer.ts";
import { onServerCore } from "../pin.ts";

/** The output of its client. */
export interface RustTurn {
  readonly p50Us: number;
  readonly p99Us: number;
  /** With 256 in flight. */
  readonly perSecond: number;
}

/** How many calls a turn is. */
const CALLS = 2000;

function onServerProgram(program: string): readonly [string, ...string[]] {
  const [command, args] = onServerCore(program, ["server"]);
  return [command, ...args];
}

/** One turn, or undefined where it is not built. */
export async function rustTurn(): Promise<RustTurn | undefined> {
  const program = builtPeer();
  if (program === undefined) return undefined;
  // A new server for each turn: it gets slower with every ended connection.
  await using server = await startServer(onServerProgram(program), "custom");
  const args = ["bench", "--port", `${server.port}`, "--calls", `${CALLS}`, "--level", "6"];
  const { stdout } = await promisify(execFile)(program, args);
  const lines = stdout.trim().split("\n").map((line) =>
    JSON.parse(line) as { case: string; p50Us: number; p99Us: number; callsPerSecond: number }
  );
  const sequential = lines.find((line) => line.case === "sequential");
  const flood = lines.find((line) => line.case === "in_flight_256");
  if (sequential === undefined || flood === undefined) return undefined;
  const { p50Us, p99Us } = sequential;
  return { p50Us, p99Us, perSecond: flood.callsPerSecond };
}
