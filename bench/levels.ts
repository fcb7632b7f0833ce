/**
 * Cost and savings of deflating: calls a second that echo a payload, at the default level and at level 9, relative to
 * those at level 0. Both ends are in one process, so that the time is that of both. In turns.
 *
 * `deno run -A bench/levels.ts [--rounds 5] [--ms 250] [--record]`, and the same with `bun`; on Node what
 * `bun build --target node --packages external bench/levels.ts --outfile bench/levels_node.mjs` makes of it.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import process from "node:process";
import { parseArgs } from "node:util";
import { connect } from "../client.ts";
import { bytes, rpc, service } from "../mod.ts";
import { serve } from "../server.ts";
import { describeMachine, machineLines, runtimeId } from "./machine.ts";
import { Progress } from "./progress.ts";
import { keep, type Row } from "./record.ts";
import {
  base64Text,
  binaryRows,
  jsonText,
  randomBytes,
  uuidText,
  VARIANTS,
  variants,
} from "./samples.ts";
import { digits, median, times } from "./statistics.ts";
import { formatTable } from "./table.ts";

const { values } = parseArgs({
  args: process.argv.slice(2),
  options: {
    rounds: { type: "string", default: "5" },
    ms: { type: "string", default: "250" },
    record: { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds);
const turnMs = Number(values.ms);

const Echo = service({ rpc: { echo: rpc({ octets: bytes }, bytes) } });
const IN_FLIGHT = 16;

interface Kind {
  readonly sizes: readonly number[];
  readonly make: (size: number, seed: number) => Uint8Array;
}

const SIZES = [200, 1000, 4096, 16_384];
/** Those that are not stored for their size alone. */
const LARGE = [4096, 16_384];
const inBytes = (make: (size: number, seed: number) => string) => (size: number, seed: number) =>
  new TextEncoder().encode(make(size, seed));

/** Kinds of payloads, by name. */
const KINDS: Readonly<Record<string, Kind>> = {
  random: { sizes: SIZES, make: randomBytes },
  json: { sizes: SIZES, make: inBytes(jsonText) },
  rows: { sizes: SIZES, make: binaryRows },
  base64: { sizes: LARGE, make: inBytes(base64Text) },
  uuids: { sizes: LARGE, make: inBytes(uuidText) },
};

await using server = await serve(
  Echo,
  { port: 0, hostname: "127.0.0.1", tls: "plain" },
  () => ({ echo: ({ octets }) => octets }),
);
await using stored = await connect(Echo, server.url, { level: 0 });
await using packed = await connect(Echo, server.url);
await using most = await connect(Echo, server.url, { level: 9 });
const clients = { stored, packed, most };
type Level = keyof typeof clients;
const LEVELS = Object.keys(clients) as readonly Level[];

async function callsPerSecond(level: Level, payloads: readonly Uint8Array[]): Promise<number> {
  const client = clients[level];
  const start = performance.now();
  const end = start + turnMs;
  let calls = 0;
  await Promise.all(Array.from({ length: IN_FLIGHT }, async () => {
    while (performance.now() < end) {
      await client.rpc.echo({ octets: payloads[calls++ % VARIANTS]! });
    }
  }));
  return calls / (performance.now() - start) * 1000;
}

/** Bytes that go up, as a share of the payloads'. */
async function shareSent(level: Level, payloads: readonly Uint8Array[]): Promise<number> {
  const client = clients[level];
  const before = client.stats().bytesSent;
  let octets = 0;
  for (const payload of payloads) {
    await client.rpc.echo({ octets: payload });
    octets += payload.length;
  }
  return (client.stats().bytesSent - before) / octets;
}

const machine = describeMachine("free");
console.log(`${machineLines(machine)[0]}\n`);
const payloads = Object.values(KINDS).reduce((count, { sizes }) => count + sizes.length, 0);
const progress = new Progress(payloads * (rounds + 1));
const rows: Row[] = [];
for (const [kind, { sizes, make }] of Object.entries(KINDS)) {
  for (const size of sizes) {
    const payloads = variants((seed) => make(size, seed));
    const rates: Record<Level, number[]> = { stored: [], packed: [], most: [] };
    for (let round = -1; round < rounds; round++) {
      progress.step(`${kind}, ${size} bytes, round ${round + 1} of ${rounds}`);
      for (const level of LEVELS) {
        const rate = await callsPerSecond(level, payloads);
        if (round >= 0) rates[level].push(rate);
      }
    }
    const row: Record<string, string | number> = { kind, bytes: size };
    for (const level of LEVELS) {
      row[level] = median(rates[level]);
      row[`${level}X`] = median(rates[level].map((rate, i) => rate / rates.stored[i]!));
      row[`${level}Us`] = median(
        rates[level].map((rate, i) => 1e6 / rate - 1e6 / rates.stored[i]!),
      );
      row[`${level}Share`] = await shareSent(level, payloads);
    }
    rows.push(row);
  }
}
progress.end();
console.log(formatTable({
  title: `Calls per second that echo a payload, ${IN_FLIGHT} in flight`,
  columns: ["", "level 0", "default", "÷ 0", "sent", "level 9", "÷ 0", "sent"],
  rows: rows.map((row) => [
    `${row["kind"]}, ${row["bytes"]} bytes`,
    digits(Number(row["stored"])),
    digits(Number(row["packed"])),
    times(Number(row["packedX"])),
    times(Number(row["packedShare"])),
    digits(Number(row["most"])),
    times(Number(row["mostX"])),
    times(Number(row["mostShare"])),
  ]),
  notes: ["sent: bytes that go up, as a share of the payload's."],
}));
keep(`levels-${runtimeId(machine)}`, {
  machine,
  versions: { runtime: machine.runtime },
  settings: { rounds, turnMs, inFlight: IN_FLIGHT },
  rows,
});
process.exit(0);
