/**
 * Streams with a page at one end: items down and up, compared with a bare WebSocket of the page that sends each item
 * in its own message; and the page's heap while the reader takes ten times as long.
 *
 * Run: `deno run -A bench/streams_page.ts [--quick] [--rounds 5] [--browsers Chromium,Firefox,WebKit] [--record]`.
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
import type { flow as page } from "./servers/flow_page.ts";
import { digits, median, times } from "./statistics.ts";
import { formatTable, type Table } from "./table.ts";

declare const flow: typeof page;

const args = process.argv.slice(2);
const option = (name: string, fallback: string): string => {
  const at = args.indexOf(`--${name}`);
  return at === -1 ? fallback : args[at + 1] ?? fallback;
};
const quick = args.includes("--quick");
const rounds = Number(option("rounds", quick ? "3" : "5"));
const names = option("browsers", "Chromium").split(",");
const only = option("only", "");
const SIZES = [
  { name: "40 B", items: quick ? 100_000 : 1_000_000, itemBytes: 40 },
  { name: "64 KiB", items: quick ? 1024 : 16_384, itemBytes: 65_536 },
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
await stop();
const http = createServer((request, response) => {
  const isScript = request.url === "/page.js";
  response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
  response.end(isScript ? bundle?.contents : `<script type="module" src="/page.js"></script>`);
});
await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
const origin = `http://127.0.0.1:${(http.address() as AddressInfo).port}/`;

const machine = describeMachine("free");
console.log(`${machineLines(machine).join("\n")}\n`);
const SERVERS = new URL("servers/streams.ts", import.meta.url);
using stack = new DisposableStack();
const [raw, hardlight] = [
  stack.use(await ServerProcess.run(SERVERS, ["raw"])).address,
  stack.use(await ServerProcess.run(SERVERS, ["hardlight"])).address,
];
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
  for (const { name: size, items, itemBytes } of SIZES) {
    for (const way of WAYS.filter((way) => only === "" || only === `${size} ${way}`)) {
      const ms: [number, number][] = [];
      for (let round = -1; round < rounds; round++) {
        progress.step(`${name}, ${size} ${way}, round ${round + 1} of ${rounds}`, 2);
        // To warm up it needs fewer.
        const count = round < 0 ? items / 8 : items;
        const both = [
          async () => await bare(tab, { url: raw.url, way, items: count, itemBytes }),
          async () => await ours(tab, { url: hardlight.url, way, items: count, itemBytes }),
        ] as const;
        const second = round % 2 === 0 ? 0 : 1;
        const a = await both[1 - second]!();
        const b = await both[second]!();
        if (round >= 0) ms.push(second === 0 ? [b, a] : [a, b]);
      }
      for (const [i, what] of [[0, "a bare WebSocket"], [1, "hardlight"]] as const) {
        const perSecond = items * 1000 / median(ms.map((each) => each[i]!));
        rates.push([
          `${size} ${way}, ${what}`,
          digits(perSecond),
          digits(perSecond * itemBytes / 1_048_576),
          times(median(ms.map((each) => each[0] / each[i]!))),
        ]);
      }
      progress.step(`${name}, ${size} ${way}, a slow reader`, 10);
      const fewer = items / 8;
      const itemMs = 10 * median(ms.map((each) => each[1])) / items;
      const url = hardlight.url;
      const mib = await slowly(tab, { url, way, items: fewer, itemBytes }, itemMs);
      heaps.push([`${size} ${way}`, ...mib.map((each) => digits(each))]);
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
