/**
 * What the fastest libraries in native code would leave of the rate of calls: the time to deflate and inflate a payload
 * of `bench/levels.ts` once, by our own rung and by each library that the runtime has, and the rate of level 0 that
 * remains if a call did nothing more than that twice. Libraries are those of `node:zlib`, on Bun also libdeflate.
 *
 * `bun bench/native_deflate.ts`, `deno run -A bench/native_deflate.ts`.
 *
 * @module
 */
// deno-lint-ignore-file no-console
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { createZlibDeflater } from "../runtime/node/zlib.ts";
import { CHEAPEST_LEVEL } from "../wire/deflater.ts";
import { describeMachine, machineLines, runtimeId } from "./machine.ts";
import { Progress } from "./progress.ts";
import { recorded } from "./record.ts";
import { binaryRows, jsonText, variants } from "./samples.ts";
import { digits, median, times } from "./statistics.ts";
import { formatTable } from "./table.ts";

interface Library {
  readonly name: string;
  deflate(bytes: Uint8Array): Uint8Array;
  inflate(bytes: Uint8Array, size: number): Uint8Array;
}

interface BunDeflate {
  deflateSync(bytes: Uint8Array, options: object): Uint8Array;
  inflateSync(bytes: Uint8Array, options: object): Uint8Array;
}

const libraries: Library[] = [];
const own = createZlibDeflater();
if (own !== undefined) {
  libraries.push({
    name: "hardlight's cheapest",
    deflate: (bytes) => own.deflate(bytes.slice(), CHEAPEST_LEVEL) as Uint8Array,
    inflate: (bytes, size) => own.inflate(bytes, size),
  });
}
libraries.push({
  name: "node:zlib, level 1",
  deflate: (bytes) => deflateRawSync(bytes, { level: 1 }),
  inflate: (bytes) => inflateRawSync(bytes),
});
const { Bun } = globalThis as { Bun?: BunDeflate };
if (Bun !== undefined) {
  libraries.push({
    name: "libdeflate, level 1",
    deflate: (bytes) => Bun.deflateSync(bytes, { library: "libdeflate", level: 1 }),
    inflate: (bytes) => Bun.inflateSync(bytes, { library: "libdeflate" }),
  });
}

const KINDS = {
  json: (size: number, seed: number) => new TextEncoder().encode(jsonText(size, seed)),
  rows: binaryRows,
};
const SIZES = [4096, 16_384];
const ROUNDS = 300;

/** Microseconds to deflate and to inflate once, medians, and the deflated share of the bytes. */
function measure(library: Library, payloads: readonly Uint8Array[]): [number, number, number] {
  const deflating: number[] = [];
  const inflating: number[] = [];
  let [before, after] = [0, 0];
  for (let round = 0; round < ROUNDS; round++) {
    for (const payload of payloads) {
      const start = performance.now();
      const deflated = library.deflate(payload);
      const middle = performance.now();
      library.inflate(deflated, payload.length);
      inflating.push((performance.now() - middle) * 1000);
      deflating.push((middle - start) * 1000);
      before += payload.length;
      after += deflated.length;
    }
  }
  return [median(deflating), median(inflating), after / before];
}

const machine = describeMachine("free");
const level0 = recorded(`levels-${runtimeId(machine)}`)?.rows ?? [];
const progress = new Progress(Object.keys(KINDS).length * SIZES.length * libraries.length);
const rows: string[][] = [];
for (const [kind, make] of Object.entries(KINDS)) {
  for (const size of SIZES) {
    const payloads = variants((seed) => make(size, seed));
    const row = level0.find((row) => row["kind"] === kind && row["bytes"] === size);
    const callUs = 1e6 / Number(row?.["stored"]);
    for (const library of libraries) {
      progress.step(`${kind}, ${size} bytes: ${library.name}`);
      const [deflate, inflate, share] = measure(library, payloads);
      const left = callUs / (callUs + 2 * (deflate + inflate));
      rows.push([
        `${kind}, ${size} B: ${library.name}`,
        digits(deflate),
        digits(inflate),
        times(share),
        digits(callUs),
        times(left),
      ]);
    }
  }
}
progress.end();
console.log(machineLines(machine)[0]);
console.log(formatTable({
  title: "Deflating and inflating once, µs, and the rate of level 0 that this alone would leave",
  columns: ["", "deflate", "inflate", "sent", "a call at level 0", "rate left"],
  rows,
}));
