/**
 * The codec, compared with other JavaScript codecs and with handwritten code for the same archives, in one
 * run: contenders take turns; the result is the median round, as a ratio to the handwritten code.
 *
 * Run with `deno task bench:codec`, or after `npm install` in this folder with
 * `bun bench/peers/codec.ts`; for Node see the README of this folder.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import {
  bool,
  decode,
  encode,
  encodeInto,
  f64,
  map,
  string,
  struct,
  u32,
  u32Array,
  variants,
  vec,
  view,
} from "../../codec/mod.ts";
import { loadPeers, type PeerCodec } from "./codec_peers.ts";
import * as hand from "./hand_written.ts";
import { type Contender, measure, report, type Result } from "./measure.ts";

const quick = process.argv.includes("--quick");

const Call = variants({
  newCounter: {},
  increment: { amount: u32 },
  decrement: { amount: u32 },
  get: {},
});
const Item = struct({ x: u32, y: u32 });
const Typical = struct({
  id: u32,
  name: string,
  tags: vec(string),
  score: f64,
  active: bool,
  items: vec(Item),
});

const call = { type: "increment", amount: 7 } as const;
const typical = hand.typical;
const numbers = Array.from(
  { length: 1000 },
  (_, i) => (i * 2_654_435_761) >>> 0,
);
const numbersTyped = Uint32Array.from(numbers);
const many = Array.from({ length: 1000 }, (_, i) => ({ ...typical, id: i }));
const table = new Map(
  Array.from(
    { length: 9000 },
    (_, i) => [`key number ${i}`, { ...typical, tags: [], items: [], id: i }],
  ),
);

const buffer = new Uint8Array(8 << 20);
/** On Bun it slows down every array of its process, so it has its own process. */
const APART = "cbor-x";
const apart = process.argv.includes("--apart");
const peers: readonly PeerCodec[] = await loadPeers(
  { call, typical, numbers, many },
  (name) => (name === APART) === apart,
);

/** Rows: the operation and its contenders. */
const rows: { name: string; loops: number; contenders: Contender[] }[] = [];

function row<T>(
  name: string,
  loops: number,
  schema: Parameters<typeof encode<T>>[0],
  value: T,
  key: "call" | "typical" | "numbers" | "many",
  handEncode: () => number,
  handDecode: (archive: Uint8Array) => unknown,
): void {
  const archive = encode(schema, value);
  hand.archiveOf(handEncode, archive, name);
  rows.push({
    name: `encode ${name}`,
    loops,
    contenders: [
      { name: "hand-written", bytes: archive.length, run: handEncode },
      {
        name: "hardlight",
        bytes: archive.length,
        run: () => encodeInto(schema, value, buffer),
      },
      ...peers.map((peer) => ({
        name: peer.name,
        bytes: peer.encoded[key]?.length,
        run: peer.encode[key],
      })),
    ],
  });
  rows.push({
    name: `decode ${name}`,
    loops,
    contenders: [
      {
        name: "hand-written",
        bytes: archive.length,
        run: () => handDecode(archive),
      },
      {
        name: "hardlight",
        bytes: archive.length,
        run: () => decode(schema, archive),
      },
      ...peers.map((peer) => ({
        name: peer.name,
        bytes: peer.encoded[key]?.length,
        run: peer.decode[key],
      })),
    ],
  });
}

row(
  "a small call",
  50_000,
  Call,
  call,
  "call",
  hand.encodeCall,
  hand.decodeCall,
);
row(
  "a typical object",
  10_000,
  Typical,
  typical,
  "typical",
  hand.encodeTypical,
  hand.decodeTypical,
);
row(
  "1,000 u32",
  1000,
  vec(u32),
  numbers,
  "numbers",
  () => hand.encodeNumbers(numbers),
  hand.decodeNumbers,
);
row(
  "1,000 typical objects",
  10,
  vec(Typical),
  many,
  "many",
  () => hand.encodeMany(many),
  hand.decodeMany,
);

const numbersArchive = encode(u32Array, numbersTyped);
const copied = new Uint8Array(numbersTyped.byteLength);
rows.push({
  name: "encode 1,000 u32 as a typed array",
  loops: 10_000,
  contenders: [
    {
      name: "a copy of the memory",
      run: () => copied.set(new Uint8Array(numbersTyped.buffer)),
    },
    {
      name: "hardlight",
      run: () => encodeInto(u32Array, numbersTyped, buffer),
    },
  ],
}, {
  name: "decode 1,000 u32 as a typed array",
  loops: 10_000,
  contenders: [
    { name: "a copy of the memory", run: () => new Uint32Array(numbersTyped) },
    { name: "hardlight", run: () => decode(u32Array, numbersArchive) },
  ],
});

const Table = map(string, Typical);
const tableArchive = encode(Table, table);
const seen = view(Table, tableArchive);
const small = view(Table, encode(Table, new Map([...table].slice(0, 10))));
rows.push({
  name: `one key of a map of ${(tableArchive.length / 1024) | 0} KiB`,
  loops: 2000,
  contenders: [
    { name: "a Map in memory", run: () => table.get("key number 5")!.score },
    {
      name: "view of ten entries",
      run: () => small.get("key number 5")!.score,
    },
    { name: "hardlight view", run: () => seen.get("key number 5")!.score },
    {
      name: "hardlight view, made anew",
      run: () => view(Table, tableArchive).get("key number 5")!.score,
    },
  ],
});

const results = measure(
  apart ? rows.filter(({ contenders }) => contenders.length === 3) : rows,
  quick ? 5 : 15,
);
if (apart) {
  process.stdout.write(
    JSON.stringify(results.filter(({ name }) => name === APART)),
  );
} else {
  const script = fileURLToPath(import.meta.url);
  const run = "Deno" in globalThis ? ["run", "-A"] : [];
  const { stdout } = spawnSync(
    process.execPath,
    [...run, script, "--apart", ...process.argv.slice(2)],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const more = JSON.parse(stdout.toString()) as Result[];
  const order = new Map(rows.map(({ name }, i) => [name, i]));
  report(
    [...results, ...more].sort((a, b) => order.get(a.row)! - order.get(b.row)!),
    quick,
  );
}
