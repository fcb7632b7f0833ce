/**
 * Streams: a million items of 40 bytes and a gibibyte in items of 64 KiB, down and up, compared with a bare WebSocket
 * of the runtime that sends each item in its own message, and fewer items also with Cap'n Web, oRPC and tRPC; the
 * latency of another call meanwhile; and the memory of both ends with a slow reader.
 *
 * Run: `deno run -A bench/streams.ts [--quick] [--only race,besides,slow] [--peers] [--rounds 3] [--level 0]
 * [--record]`, or `bun bench/streams.ts`. On Node, which has no `handler()` and whose bare WebSocket is that of `ws`:
 * `node bench/peers/streams_node.mjs`, after `npm install` in `peers/`, of what `bun build --target node --packages
 * external` makes of this file, and in `bench/peers/servers/` of `servers/streams.ts`.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import process from "node:process";
import { connect } from "../client.ts";
import { RUNTIME } from "./peers/rpc/native.ts";
import { describeMachine, machineLines, runtimeId } from "./machine.ts";
import { pin } from "./pin.ts";
import { Progress } from "./progress.ts";
import { keep, type Row, rowsOfTable } from "./record.ts";
import { ServerProcess } from "./server_process.ts";
import { Flow, itemsOf, readSlowly } from "./servers/flow.ts";
import { digits, median, percentile, times } from "./statistics.ts";
import {
  expectItems,
  ItemsLost,
  others,
  ours,
  raw,
  type Run,
  type Size,
} from "./streams_contenders.ts";
import { formatTable, type Table } from "./table.ts";

/** Level 0: a bare WebSocket does not deflate either. `--level 6` is the default of `connect()`. */
const level = process.argv.includes("--level")
  ? Number(process.argv[process.argv.indexOf("--level") + 1])
  : 0;
const quick = process.argv.includes("--quick");
const withPeers = process.argv.includes("--peers");
const rounds = Number(process.argv[process.argv.indexOf("--rounds") + 1] || 0) || (quick ? 3 : 5);
const SMALL: Size = { name: "40 B", items: quick ? 100_000 : 1_000_000, itemBytes: 40 };
const LARGE: Size = { name: "64 KiB", items: quick ? 1_024 : 16_384, itemBytes: 65_536 };

const only = process.argv.includes("--only")
  ? process.argv[process.argv.indexOf("--only") + 1]!.split(",")
  : ["race", "besides", "slow"];
const runs = (part: string): boolean => only.includes(part);

/** Rows of three contenders, or with others; the latency of another call; the slow reader. */
const progress = new Progress(
  (runs("race") ? 4 * (RUNTIME === "node" ? 2 : 3) * (rounds + 1) : 0) +
    (withPeers ? 18 * (rounds + 1) : 0) +
    (runs("besides") ? 12 : 0) + (runs("slow") ? 24 : 0),
);
const rows: Row[] = [];

function show(table: Table): void {
  progress.end();
  console.log(formatTable(table));
  rows.push(...rowsOfTable(table));
}

const open = ({ address }: ServerProcess) => connect(Flow, address.url, { level });

/** A contender without a run cannot do this at all. */
type Contender = readonly [name: string, run: Run | undefined];

/** Milliseconds in which a new server and its client are warmed up. */
const WARM_MS = 1500;

/** Each contender in each round, in a rotated order; ratios to the first contender within a round. */
async function race(title: string, size: Size, contenders: readonly Contender[]): Promise<void> {
  const seconds = contenders.map((): number[] => []);
  const losing = new Set<number>();
  for (let round = -1; round < rounds; round++) {
    for (let i = 0; i < contenders.length; i++) {
      const which = (i + Math.max(0, round)) % contenders.length;
      const run = contenders[which]![1];
      if (run === undefined || losing.has(which)) continue;
      progress.step(`${title}, ${size.name}, round ${round + 1} of ${rounds}`);
      const from = performance.now();
      try {
        const took = await run(size) ?? (performance.now() - from) / 1000;
        if (round >= 0) seconds[which]!.push(took);
      } catch (error) {
        if (!(error instanceof ItemsLost)) throw error;
        console.error(`${contenders[which]![0]}: ${error.message}`);
        losing.add(which);
      }
    }
  }
  show({
    title: `${title}, ${size.items.toLocaleString("en-US")} items of ${size.name}`,
    columns: ["", "items/s", "MiB/s", "÷ bare"],
    rows: contenders.map(([name], i) => {
      if (losing.has(i)) return [name, "loses items", "", ""];
      const perSecond = size.items / median(seconds[i]!);
      return [
        name,
        digits(perSecond),
        digits(perSecond * size.itemBytes / 1_048_576),
        times(median(seconds[i]!.map((value, round) => seconds[0]![round]! / value))),
      ];
    }),
  });
}

/** Times of a small call, one after the other. */
async function latencies(
  call: () => Promise<unknown>,
  isOver: () => boolean,
): Promise<Float64Array> {
  const all: number[] = [];
  while (!isOver()) {
    const from = performance.now();
    await call();
    all.push((performance.now() - from) * 1000);
  }
  return Float64Array.from(all).sort();
}

async function besides(server: ServerProcess): Promise<void> {
  const client = await open(server);
  const lines: string[][] = [];
  const during = async (
    name: string,
    work?: (isOver: () => boolean) => Promise<unknown>,
  ): Promise<void> => {
    progress.step(`another call meanwhile: ${name}`, 2);
    const until = performance.now() + (quick ? 1_000 : 3_000);
    const isOver = (): boolean => performance.now() > until;
    let runs = true;
    const streaming = work?.(() => !runs);
    await latencies(() => client.rpc.get({}), () => performance.now() > until - 800);
    const sorted = await latencies(() => client.rpc.get({}), isOver);
    runs = false;
    await streaming;
    lines.push([
      name,
      digits(percentile(sorted, 0.5)),
      digits(percentile(sorted, 0.99)),
      `${sorted.length}`,
    ]);
  };
  const down = (itemBytes: number) => async (isOver: () => boolean) => {
    for await (const _ of client.rpc.down({ items: 0xffff_ffff, itemBytes })) if (isOver()) break;
  };
  const up = (itemBytes: number) => async (isOver: () => boolean) => {
    const parts = (async function* () {
      const item = new Uint8Array(itemBytes).fill(7);
      while (!isOver()) yield item;
    })();
    await client.rpc.up({ parts }, { timeoutMs: Infinity });
  };
  await during("nothing else");
  await during("40 B down", down(40));
  await during("40 B up", up(40));
  await during("64 KiB down", down(65_536));
  await during("64 KiB up", up(65_536));
  await during("nothing else");
  await client.close();
  show({
    title: "A call's answer while a stream runs on the same connection, µs",
    columns: ["meanwhile", "p50", "p99", "calls"],
    rows: lines,
  });
}

/** Memory of both ends, in eight parts, while the reader takes ten times as long as it would at full speed. */
async function slowly(server: ServerProcess): Promise<void> {
  const client = await open(server);
  const lines: string[][] = [];
  for (const whole of [SMALL, LARGE]) {
    const size = { ...whole, items: whole.items / 4 };
    const { items, itemBytes } = size;
    const own = await ours(server, level);
    for (const way of ["down", "up"] as const) {
      progress.step(`a slow reader: ${whole.name} ${way}`, 6);
      await own[way](size);
      const from = performance.now();
      await own[way](size);
      const itemUs = 10_000 * (performance.now() - from) / items;
      const mib: Record<string, number>[] = [];
      const look = async (): Promise<void> => {
        const { rss, heapUsed } = process.memoryUsage();
        mib.push({
          "server, resident": Number(await client.rpc.memory({})) / 1_048_576,
          "server, heap": Number(await client.rpc.heap({})) / 1_048_576,
          "client, resident": rss / 1_048_576,
          "client, heap": heapUsed / 1_048_576,
        });
      };
      let done = 0;
      const eighth = Math.floor(items / 8);
      const lookAfter = (count: number) =>
        count % eighth === 0 && mib.length < 8 ? look() : undefined;
      if (way === "down") done = await readSlowly(client.rpc.down(size), itemUs, lookAfter);
      else {
        const parts = (async function* () {
          let count = 0;
          for await (const item of itemsOf(items, itemBytes)) {
            await lookAfter(++count);
            yield item;
          }
        })();
        done = await client.rpc.slow({ itemUs, parts }, { timeoutMs: Infinity });
      }
      expectItems(done, size);
      for (const end of Object.keys(mib[0] ?? {})) {
        lines.push([`${whole.name} ${way}, ${end}`, ...mib.map((sample) => digits(sample[end]!))]);
      }
    }
  }
  await client.close();
  show({
    title: "Memory in MiB, read ten times slower, after each eighth",
    columns: ["", "⅛", "¼", "⅜", "½", "⅝", "¾", "⅞", "all"],
    rows: lines,
  });
}

const machine = describeMachine(pin("2"));
console.log(`${machineLines(machine).join("\n")}\n`);
// A bundle for Node starts that of the servers.
const SERVERS = new URL(`servers/${import.meta.url.replace(/.*\//, "")}`, import.meta.url);
const start = (kind: string) => ServerProcess.run(SERVERS, [kind]);
/**
 * A run with a server of its own, warmed up: where its buffers lie decides how fast some processors copy, and one
 * process would decide it for all rounds.
 */
const fresh = (kind: string, way: "down" | "up"): Run => async (size) => {
  using server = await start(kind);
  const ends = kind === "raw" ? await raw(server) : await ours(server, level);
  const until = performance.now() + WARM_MS;
  do await ends[way](size); while (performance.now() < until);
  const from = performance.now();
  await ends[way](size);
  const seconds = (performance.now() - from) / 1000;
  await ends.close?.();
  return seconds;
};
for (const size of runs("race") ? [SMALL, LARGE] : []) {
  for (const way of ["down", "up"] as const) {
    await race(way, size, [
      ["a bare WebSocket", fresh("raw", way)],
      ["hardlight, serve()", fresh("hardlight", way)],
      ...(RUNTIME === "node" ? [] : [["hardlight, handler()", fresh("mounted", way)] as const]),
    ]);
  }
}
if (withPeers) {
  const peers = await others(start);
  const bare = await raw(await start("raw"));
  const own = await ours(await start("hardlight"), level);
  for (const whole of [SMALL, LARGE]) {
    // Others take up to a hundred times as long; a rate does not need more.
    const size = { ...whole, items: whole.items / (whole === SMALL ? 20 : 8) };
    for (const way of ["down", "up"] as const) {
      await race(`${way}, beside others (texts there)`, size, [
        ["a bare WebSocket", bare[way]],
        ["hardlight, serve()", own[way]],
        ...peers.map(([name, ways]) => [name, ways[way]] as const),
      ]);
    }
  }
}
using hardlight = await start("hardlight");
if (runs("besides")) await besides(hardlight);
if (runs("slow")) await slowly(hardlight);
progress.end();
keep(`streams-${runtimeId(machine)}`, {
  machine,
  versions: { runtime: machine.runtime },
  settings: { rounds, level, quick },
  rows,
});
process.exit(0);
