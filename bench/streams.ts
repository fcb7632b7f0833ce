/**
 * Streams: a million items of 40 bytes and a gibibyte in items of 64 KiB, down and up, compared with a bare WebSocket
 * of the runtime that sends each item in its own message; small items also with Cap'n Web, oRPC and tRPC; the latency
 * of another call meanwhile; and the memory of both ends with a slow reader.
 *
 * Run: `deno run -A bench/streams.ts [--quick] [--peers] [--rounds 3] [--level 0] [--record]`, or
 * `bun bench/streams.ts`.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import process from "node:process";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { connect } from "../client.ts";
import { STREAM_PEERS } from "./peers/streams.ts";
import { describeMachine, machineLines, runtimeId } from "./machine.ts";
import { pin } from "./pin.ts";
import { Progress } from "./progress.ts";
import { keep, type Row, rowsOfTable } from "./record.ts";
import { ServerProcess } from "./server_process.ts";
import { Flow, itemsOf, pump } from "./servers/flow.ts";
import { digits, median, percentile, times } from "./statistics.ts";
import { formatTable, type Table } from "./table.ts";

interface Size {
  readonly name: string;
  readonly items: number;
  readonly itemBytes: number;
}

/** Level 0: a bare WebSocket does not deflate either. `--level 6` is the default of `connect()`. */
const level = process.argv.includes("--level")
  ? Number(process.argv[process.argv.indexOf("--level") + 1])
  : 0;
const quick = process.argv.includes("--quick");
const withPeers = process.argv.includes("--peers");
const rounds = Number(process.argv[process.argv.indexOf("--rounds") + 1] || 0) || (quick ? 3 : 5);
const SMALL: Size = { name: "40 B", items: quick ? 100_000 : 1_000_000, itemBytes: 40 };
const LARGE: Size = { name: "64 KiB", items: quick ? 1_024 : 16_384, itemBytes: 65_536 };

/** Rows of three contenders, or with others; the latency of another call; the slow reader. */
const progress = new Progress(4 * 3 * (rounds + 1) + (withPeers ? 5 * (rounds + 1) : 0) + 12 + 12);
const rows: Row[] = [];

function show(table: Table): void {
  progress.end();
  console.log(formatTable(table));
  rows.push(...rowsOfTable(table));
}

type Run = (size: Size) => Promise<void>;

function expectItems(read: number, { items }: Size): void {
  if (read !== items) throw new Error(`${read} items came of ${items}`);
}

const open = ({ address }: ServerProcess) => connect(Flow, address.url, { level });

/** A connection, kept, whose reader counts. */
async function ours(server: ServerProcess): Promise<Record<"down" | "up", Run>> {
  const client = await open(server);
  return {
    async down(size) {
      let read = 0;
      for await (const _ of client.rpc.down(size)) read++;
      expectItems(read, size);
    },
    async up(size) {
      const parts = itemsOf(size.items, size.itemBytes);
      expectItems(await client.rpc.up({ parts }, { timeoutMs: Infinity }), size);
    },
  };
}

/** A bare socket's reader counts in a callback. */
function raw({ address }: ServerProcess): Record<"down" | "up", Run> {
  const socketFor = (way: string, { items, itemBytes }: Size): WebSocket => {
    const socket = new WebSocket(`${address.url}/${way}/${items}/${itemBytes}`);
    socket.binaryType = "arraybuffer";
    return socket;
  };
  return {
    async down(size) {
      const socket = socketFor("down", size);
      let read = 0;
      await new Promise<void>((resolve) => {
        socket.onmessage = () => {
          if (++read === size.items) resolve();
        };
      });
      socket.close();
    },
    async up(size) {
      const socket = socketFor("up", size);
      await new Promise((resolve) => socket.onopen = resolve);
      const answered = new Promise((resolve) => socket.onmessage = resolve);
      const { items, itemBytes } = size;
      await pump(items, itemBytes, (item) => socket.send(item), () => socket.bufferedAmount);
      await answered;
      socket.close();
    },
  };
}

type Contender = readonly [name: string, run: Run];

/** Each contender in each round, in a rotated order; ratios to the first contender within a round. */
async function race(title: string, size: Size, contenders: readonly Contender[]): Promise<void> {
  const seconds = contenders.map((): number[] => []);
  for (let round = -1; round < rounds; round++) {
    for (let i = 0; i < contenders.length; i++) {
      const which = (i + Math.max(0, round)) % contenders.length;
      progress.step(`${title}, ${size.name}, round ${round + 1} of ${rounds}`);
      const from = performance.now();
      await contenders[which]![1](size);
      if (round >= 0) seconds[which]!.push((performance.now() - from) / 1000);
    }
  }
  show({
    title: `${title}, ${size.items.toLocaleString("en-US")} items of ${size.name}`,
    columns: ["", "items/s", "MiB/s", "÷ bare"],
    rows: contenders.map(([name], i) => {
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
  const during = async (name: string, work: (() => Promise<unknown>) | undefined) => {
    progress.step(`another call meanwhile: ${name}`, 2);
    const until = performance.now() + (quick ? 1_000 : 3_000);
    const isOver = (): boolean => performance.now() > until;
    let runs = true;
    const streaming = (async () => {
      while (work !== undefined && runs) await work();
    })();
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
  const readAll = async (items: number, itemBytes: number): Promise<void> => {
    for await (const _ of client.rpc.down({ items, itemBytes })) { /* as fast as it comes */ }
  };
  const send = (items: number, itemBytes: number) => () =>
    client.rpc.up({ parts: itemsOf(items, itemBytes) }, { timeoutMs: Infinity });
  await during("nothing else", undefined);
  await during("40 B down", () => readAll(50_000, 40));
  await during("40 B up", send(50_000, 40));
  await during("64 KiB down", () => readAll(512, 65_536));
  await during("64 KiB up", send(512, 65_536));
  await during("nothing else", undefined);
  await client.close();
  show({
    title: "A call's answer while a stream runs on the same connection, µs",
    columns: ["meanwhile", "p50", "p99", "calls"],
    rows: lines,
  });
}

/** Memory of both ends, in four quarters, while the reader takes ten times as long as the source would. */
async function slowly(server: ServerProcess): Promise<void> {
  const client = await open(server);
  const lines: string[][] = [];
  for (const whole of [SMALL, LARGE]) {
    progress.step(`a slow reader: ${whole.name}`, 6);
    const size = { ...whole, items: whole.items / 4 };
    const from = performance.now();
    for await (const _ of client.rpc.down(size)) { /* once at full speed */ }
    const itemMs = 10 * (performance.now() - from) / size.items;
    const mib: { readonly server: number; readonly client: number }[] = [];
    const start = performance.now();
    let read = 0;
    for await (const _ of client.rpc.down(size)) {
      const early = start + ++read * itemMs - performance.now();
      if (early > 2) await sleep(early);
      if (read % Math.floor(size.items / 8) !== 0) continue;
      const rss = Number(await client.rpc.memory({}));
      mib.push({ server: rss / 1_048_576, client: process.memoryUsage().rss / 1_048_576 });
      await nextTurn();
    }
    for (const end of ["server", "client"] as const) {
      lines.push([`${size.name}, ${end}`, ...mib.map((sample) => digits(sample[end]))]);
    }
  }
  await client.close();
  show({
    title: "Resident memory in MiB, read ten times slower, after each eighth",
    columns: ["", "⅛", "¼", "⅜", "½", "⅝", "¾", "⅞", "1"],
    rows: lines,
  });
}

const machine = describeMachine(pin("2"));
console.log(`${machineLines(machine).join("\n")}\n`);
const SERVERS = new URL("servers/streams.ts", import.meta.url);
using stack = new DisposableStack();
const start = async (kind: string) => stack.use(await ServerProcess.run(SERVERS, [kind]));
const hardlight = await start("hardlight");
const mounted = await start("mounted");
const bare = raw(await start("raw"));
const [own, mount] = [await ours(hardlight), await ours(mounted)];
for (const size of [SMALL, LARGE]) {
  for (const way of ["down", "up"] as const) {
    await race(way, size, [
      ["a bare WebSocket", bare[way]],
      ["hardlight, serve()", own[way]],
      ["hardlight, handler()", mount[way]],
    ]);
  }
}
if (withPeers) {
  const size = { ...SMALL, items: SMALL.items / 10 };
  const contenders: Contender[] = [
    ["a bare WebSocket", bare.down],
    ["hardlight, serve()", own.down],
  ];
  for (const [name, peer] of Object.entries(STREAM_PEERS)) {
    const server = await start(name);
    const read = await peer.open(Number(new URL(server.address.url).port));
    contenders.push([name, async () => expectItems(await read(size.items), size)]);
  }
  await race("down, beside others (texts there)", size, contenders);
}
await besides(hardlight);
await slowly(hardlight);
progress.end();
keep(`streams-${runtimeId(machine)}`, {
  machine,
  versions: { runtime: machine.runtime },
  settings: { rounds, level, quick },
  rows,
});
process.exit(0);
