/**
 * Streams with a page at one end: items down and up, compared with a bare WebSocket of the page that sends each item
 * in its own message, and with Cap'n Web, oRPC and tRPC; and the page's heap while the reader takes ten times as long.
 *
 * Run: `deno run -A bench/streams_page.ts [--quick] [--rounds 5] [--browsers Chromium,Firefox,WebKit] [--peers]
 * [--record]`; the others are measured with `--peers`.
 * The whole takes many minutes: `--only "40 B down"` runs a part, and keeps the results of the other parts.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { build, stop } from "esbuild";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { BROWSERS, type Tab } from "../tests/browser/browsers.ts";
import { describeMachine, machineLines } from "./machine.ts";
import { Progress } from "./progress.ts";
import { keep, lastRun, type Row, rowsOfTable } from "./record.ts";
import { ServerProcess } from "./server_process.ts";
import { missingPackages } from "./peers/installed.ts";
import type { STREAM_PEERS } from "./peers/streams.ts";
import { peersForPage } from "./peers/streams_page.ts";
import type { flow as page } from "./servers/flow_page.ts";
import { digits, median, times } from "./statistics.ts";
import { formatTable, type Table } from "./table.ts";

declare const flow: typeof page;
declare const peers: typeof STREAM_PEERS;

const args = process.argv.slice(2);
const option = (name: string, fallback: string): string => {
  const at = args.indexOf(`--${name}`);
  return at === -1 ? fallback : args[at + 1] ?? fallback;
};
const quick = args.includes("--quick");
const rounds = Number(option("rounds", quick ? "3" : "5"));
const names = option("browsers", "Chromium").split(",");
const only = option("only", "");
const withPeers = args.includes("--peers");
/** What is slow gets fewer items: rates are compared. A bare socket's items, and those of others. */
const SIZES = [
  { name: "40 B", items: quick ? 100_000 : 1_000_000, itemBytes: 40, bare: 1 / 5, peers: 1 / 20 },
  { name: "64 KiB", items: quick ? 1024 : 16_384, itemBytes: 65_536, bare: 1, peers: 1 / 8 },
] as const;
const WAYS = ["down", "up"] as const;

interface Run {
  readonly url: string;
  readonly way: typeof WAYS[number];
  readonly items: number;
  readonly itemBytes: number;
}

/** Milliseconds of one run over a bare WebSocket, as the page has it. */
function bare(tab: Tab, run: Run): Promise<number> {
  return tab.evaluate(async ({ url, way, items, itemBytes }: Run) => {
    const socket = new WebSocket(`${url}/${way}/${items}/${itemBytes}`);
    socket.binaryType = "arraybuffer";
    const from = performance.now();
    if (way === "down") {
      let read = 0;
      await new Promise<void>((resolve) => {
        socket.onmessage = () => {
          if (++read === items) resolve();
        };
      });
    } else {
      await new Promise((resolve) => socket.onopen = resolve);
      const answered = new Promise((resolve) => socket.onmessage = resolve);
      const item = new Uint8Array(itemBytes).fill(7);
      for (let i = 0; i < items; i++) {
        socket.send(item);
        while (socket.bufferedAmount > 1_048_576) {
          await new Promise((resolve) => setTimeout(resolve));
        }
      }
      await answered;
    }
    socket.close();
    return performance.now() - from;
  }, run);
}

/** The same over a connection of ours. */
function ours(tab: Tab, run: Run): Promise<number> {
  return tab.evaluate(async ({ url, way, items, itemBytes }: Run) => {
    const client = await flow.connect(flow.Flow, url);
    const from = performance.now();
    let read = 0;
    if (way === "down") { for await (const _ of client.rpc.down({ items, itemBytes })) read++; }
    else read = await client.rpc.up({ parts: flow.itemsOf(items, itemBytes) });
    const ms = performance.now() - from;
    await client.close();
    if (read !== items) throw new Error(`${read} items came of ${items}`);
    return ms;
  }, run);
}

/** The same over a connection of another library. */
function theirs(tab: Tab, run: Run & { peer: string }): Promise<number> {
  return tab.evaluate(async ({ peer, url, way, items, itemBytes }: Run & { peer: string }) => {
    const client = await peers[peer]!.open(Number(new URL(url).port));
    const from = performance.now();
    const read = await client[way]!({ items, itemBytes });
    if (read !== items) throw new Error(`${read} items came of ${items}`);
    return performance.now() - from;
  }, run);
}

/** The page's heap in MiB after each eighth, if the browser tells it, while an item takes so long. */
function slowly(tab: Tab, run: Run, itemMs: number): Promise<number[]> {
  return tab.evaluate(async ({ url, way, items, itemBytes, itemMs }: Run & { itemMs: number }) => {
    const client = await flow.connect(flow.Flow, url);
    const heaps: number[] = [];
    const start = performance.now();
    const each = async (count: number, waits: boolean): Promise<void> => {
      const early = start + count * itemMs - performance.now();
      if (waits && early > 5) await new Promise((resolve) => setTimeout(resolve, early));
      if (count % Math.floor(items / 8) === 0) {
        // What is read from is a snapshot.
        const { memory } = performance as { memory?: { usedJSHeapSize: number } };
        heaps.push((memory?.usedJSHeapSize ?? NaN) / 1_048_576);
      }
    };
    let count = 0;
    if (way === "down") {
      for await (const _ of client.rpc.down({ items, itemBytes })) await each(++count, true);
    } else {
      const parts = (async function* () {
        for await (const item of flow.itemsOf(items, itemBytes)) {
          await each(++count, false);
          yield item;
        }
      })();
      await client.rpc.slow({ itemUs: itemMs * 1000, parts });
    }
    await client.close();
    return heaps;
  }, { ...run, itemMs });
}

const { outputFiles: [bundle] } = await build({
  entryPoints: [fileURLToPath(new URL("servers/flow_page.ts", import.meta.url))],
  bundle: true,
  minify: true,
  format: "esm",
  platform: "browser",
  write: false,
});
if (withPeers) {
  const missing = missingPackages(new URL("peers/", import.meta.url));
  if (missing.length > 0) throw new Error(`npm ci in bench/peers: without ${missing.join(", ")}`);
}
const scripts: Record<string, Uint8Array | undefined> = {
  "/page.js": bundle?.contents,
  ...withPeers && { "/peers.js": await peersForPage() },
};
await stop();
const html = Object.keys(scripts).toReversed()
  .map((path) => `<script type="module" src="${path}"></script>`).join("");
const http = createServer(({ url = "" }, response) => {
  response.setHeader("content-type", url in scripts ? "text/javascript" : "text/html");
  response.end(scripts[url] ?? html);
});
await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
const origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}/`;

const machine = describeMachine("free");
console.log(`${machineLines(machine).join("\n")}\n`);
const SERVERS = new URL("servers/streams.ts", import.meta.url);
using stack = new DisposableStack();
const serve = async (kind: string): Promise<string> =>
  stack.use(await ServerProcess.run(SERVERS, [kind])).address.url;
const [raw, hardlight] = [await serve("raw"), await serve("hardlight")];
const others: Record<string, string> = {};
for (const peer of withPeers ? ["capnweb", "orpc", "trpc"] : []) others[peer] = await serve(peer);

/** Milliseconds of so many items, and which part of all items a round has. */
interface Contender {
  readonly name: string;
  readonly share: number;
  /** Absent where a library has no way. */
  readonly run?: (items: number) => Promise<number>;
}

function contendersOf(tab: Tab, size: typeof SIZES[number], way: typeof WAYS[number]): Contender[] {
  const { itemBytes } = size;
  return [
    {
      name: "a bare WebSocket",
      share: size.bare,
      run: (items) => bare(tab, { url: raw, way, items, itemBytes }),
    },
    {
      name: "hardlight",
      share: 1,
      run: (items) => ours(tab, { url: hardlight, way, items, itemBytes }),
    },
    ...Object.entries(others).map(([peer, url]): Contender => ({
      name: `${peer} (texts)`,
      share: size.peers,
      ...(peer !== "trpc" || way === "down") &&
        { run: (items) => theirs(tab, { peer, url, way, items, itemBytes }) },
    })),
  ];
}
const kinds = BROWSERS.filter(({ name }) => names.includes(name));
const progress = new Progress(kinds.length * (only === "" ? 4 : 1) * (2 * (rounds + 1) + 10));
const rows: Row[] = [];
const show = (table: Table): void => {
  progress.end();
  console.log(formatTable(table));
  rows.push(...rowsOfTable(table));
};
for (const { name, skip, launch } of kinds) {
  if (skip !== false) {
    console.error(`${name}: ${skip}`);
    continue;
  }
  await using browser = await launch("");
  await using tab = await browser.open(origin);
  while (!await tab.evaluate(() => "flow" in globalThis)) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const rates: string[][] = [];
  const heaps: string[][] = [];
  for (const size of SIZES) {
    const { items, itemBytes } = size;
    for (const way of WAYS.filter((way) => only === "" || only === `${size.name} ${way}`)) {
      const contenders = contendersOf(tab, size, way);
      /** Milliseconds an item, of each contender in each round. */
      const ms = contenders.map((): number[] => []);
      for (let round = -1; round < rounds; round++) {
        progress.step(`${name}, ${size.name} ${way}, round ${round + 1} of ${rounds}`, 2);
        for (let i = 0; i < contenders.length; i++) {
          const which = (i + Math.max(0, round)) % contenders.length;
          const { share, run } = contenders[which]!;
          // To warm up it needs fewer.
          const count = Math.ceil(items * Math.min(share, round < 0 ? 1 / 8 : 1));
          const took = run === undefined ? NaN : await run(count);
          if (round >= 0) ms[which]!.push(took / count);
        }
      }
      for (const [i, { name: what }] of contenders.entries()) {
        const perSecond = 1000 / median(ms[i]!);
        rates.push([
          `${size.name} ${way}, ${what}`,
          digits(perSecond),
          digits(perSecond * itemBytes / 1_048_576),
          times(median(ms[i]!.map((each, round) => ms[0]![round]! / each))),
        ]);
      }
      progress.step(`${name}, ${size.name} ${way}, a slow reader`, 10);
      const fewer = items / 8;
      const itemMs = 10 * median(ms[1]!);
      const url = hardlight;
      const mib = await slowly(tab, { url, way, items: fewer, itemBytes }, itemMs);
      heaps.push([`${size.name} ${way}`, ...mib.map((each) => digits(each))]);
    }
  }
  show({
    title: `Streams of a page, ${name}`,
    columns: ["", "items/s", "MiB/s", "÷ bare"],
    rows: rates,
  });
  show({
    title: `A page's heap in MiB, read ten times slower, after each eighth, ${name}`,
    columns: ["", "⅛", "¼", "⅜", "½", "⅝", "¾", "⅞", "all"],
    rows: heaps,
  });
}
http.close();
const before = only === "" ? undefined : lastRun("streams-page");
const isNew = (row: Row): boolean =>
  !rows.some(({ table, name }) => table === row["table"] && name === row["name"]);
const sizeOf = ({ name }: Row): number =>
  SIZES.findIndex((size) => String(name).startsWith(size.name));
if (before !== undefined) rows.unshift(...before.rows.filter(isNew));
rows.sort((a, b) => sizeOf(a) - sizeOf(b));
keep("streams-page", {
  ...only !== "" && {
    command: `deno run -A bench/streams_page.ts --rounds ${rounds}, each part by --only`,
  },
  machine,
  versions: { runtime: machine.runtime },
  settings: { rounds, quick },
  rows,
});
process.exit(0);
