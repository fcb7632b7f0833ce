/**
 * Calls over TLS, compared with the reference: this module's client and server on Deno and on Bun, the
 * reference's client and server, and one of each. They take turns, so that other load affects all.
 *
 * Run: `deno run -A bench/interop.ts [--rounds 5] [--calls 2000] [--level 6]`. Without the Rust peer
 * (`deno run -A tests/interop/prepare.ts`) ours are measured alone.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { builtPeer, type Program, startServer } from "../tests/interop/peer.ts";
import { ours, serverProgram, type ServerSide } from "../tests/interop/programs.ts";
import { digits, median } from "./statistics.ts";
import { formatTable } from "./table.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "5" },
    calls: { type: "string", default: "2000" },
    level: { type: "string", default: "6" },
  },
});

interface Summary {
  readonly case: string;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly callsPerSecond: number;
}

const CASES = ["sequential", "in_flight_256", "state_changing"] as const;
const CLIENT = fileURLToPath(new URL("interop_client.ts", import.meta.url));
const rust = builtPeer();

/** A client and a server that are measured together. */
interface Contender {
  readonly name: string;
  readonly client: Program;
  readonly server: ServerSide;
  readonly measured: Map<string, Summary[]>;
}

function contender(client: ServerSide, server: ServerSide): Contender[] {
  if (rust === undefined && (client === "Rust" || server === "Rust")) return [];
  const program: Program = client === "Rust"
    ? [rust ?? "", "bench"]
    : ours(client === "Deno" ? "deno" : "bun", CLIENT);
  return [{ name: `${client} → ${server}`, client: program, server, measured: new Map() }];
}

const contenders = [
  ...contender("Rust", "Rust"),
  ...contender("Deno", "Deno"),
  ...contender("Bun", "Bun"),
  ...contender("Rust", "Deno"),
  ...contender("Rust", "Bun"),
  ...contender("Deno", "Rust"),
  ...contender("Bun", "Rust"),
];

async function turn({ client, server, measured }: Contender): Promise<void> {
  const program = serverProgram(server);
  if (program === undefined || typeof client === "string") return;
  // A new server for each turn: the reference's gets slower with every ended connection.
  await using started = await startServer(program, "custom");
  const [command, ...first] = client;
  const options = [
    "--port",
    String(started.port),
    "--calls",
    values.calls,
    "--level",
    values.level,
  ];
  const { stdout } = await promisify(execFile)(command, [...first, ...options]);
  for (const line of stdout.trim().split("\n")) {
    const summary = JSON.parse(line) as Summary;
    const rounds = measured.get(summary.case) ?? [];
    measured.set(summary.case, [...rounds, summary]);
  }
}

/** Two significant digits. */
function ratio(value: number, of: number): string {
  return `${Number((value / of).toPrecision(2))}×`;
}

if (rust === undefined) console.log("skipped: the Rust peer is not built\n");
for (let round = 0; round < Number(values.rounds); round++) {
  for (let i = 0; i < contenders.length; i++) {
    await turn(contenders[(i + round) % contenders.length]!);
  }
}

for (const name of CASES) {
  const of = ({ measured }: Contender, field: "p50Us" | "p99Us" | "callsPerSecond"): number =>
    median((measured.get(name) ?? []).map((summary) => summary[field]));
  const [floor] = contenders;
  const rows = contenders.map((one) => [
    one.name,
    digits(of(one, "p50Us")),
    digits(of(one, "p99Us")),
    digits(of(one, "callsPerSecond")),
    ratio(of(one, "p50Us"), of(floor!, "p50Us")),
    ratio(of(one, "callsPerSecond"), of(floor!, "callsPerSecond")),
  ]);
  const columns = ["client → server", "p50 µs", "p99 µs", "calls/s", "p50 ratio", "calls/s ratio"];
  const notes = [`Medians of ${values.rounds} rounds; ratios to ${floor?.name}.`];
  console.log(formatTable({ title: `${name}, level ${values.level}, TLS`, columns, rows, notes }));
}
