/**
 * Every way to deflate at every size. The sizes at which they are equal are the thresholds of
 * `runtime/node/zlib.ts` and `runtime/streams.ts`.
 *
 * Run: `deno run -A bench/deflate.ts` or `bun bench/deflate.ts`, with a name to run only part of it.
 *
 * @module
 */
import process from "node:process";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { bench, do_not_optimize as keep, run, summary } from "mitata";
import { deflateFixed, maxFixedSize } from "../deflate/fixed_huffman.ts";
import { inflate } from "../deflate/inflate.ts";
import { deflateStored, storedSize } from "../deflate/stored.ts";
import { Progress, showing } from "./progress.ts";

const SIZES = [32, 64, 256, 512, 1024, 2048, 4096, 8192, 16_384, 65_536] as const;

function rows(size: number): Uint8Array<ArrayBuffer> {
  let text = "";
  for (let i = 0; text.length < size; i++) {
    text += `{"id":${i * 7919 % 99_991},"name":"user-${i * 31 % 50}","ok":${i % 3 === 0}},`;
  }
  return new TextEncoder().encode(text.slice(0, size));
}

const filter = new RegExp(process.argv[2] ?? "");
type Ways = readonly (readonly [title: string, run: () => unknown])[];

/** Each way to deflate and to inflate some bytes. */
function waysOf(size: number): readonly [deflate: Ways, inflate: Ways] {
  const input = rows(size);
  const output = new Uint8Array(maxFixedSize(size));
  const end = deflateFixed(input, output);
  const fixed = output.slice(0, end);
  const dynamic = new Uint8Array(deflateRawSync(input, { level: 6 }));
  const stored = new Uint8Array(storedSize(size));
  deflateStored(input, stored);
  const level1 = deflateRawSync(input, { level: 1 }).length;
  const of = `${size} B`;
  const options = { maxOutputLength: size, info: true };
  return [[
    [`deflate ${of}: stored, ${stored.length}`, () => keep(deflateStored(input, stored))],
    [`deflate ${of}: fixed, ${fixed.length}`, () => keep(deflateFixed(input, output))],
    [`deflate ${of}: zlib 1, ${level1}`, () => keep(deflateRawSync(input, { level: 1 }))],
    [`deflate ${of}: zlib 6, ${dynamic.length}`, () => keep(deflateRawSync(input, { level: 6 }))],
  ], [
    [`inflate ${of}: stored`, () => keep(inflate(stored, size))],
    [`inflate ${of}: own, fixed ${fixed.length}`, () => keep(inflate(fixed, size))],
    [`inflate ${of}: own, dynamic ${dynamic.length}`, () => keep(inflate(dynamic, size))],
    [
      `inflate ${of}: zlib, dynamic ${dynamic.length}`,
      () => keep(inflateRawSync(dynamic, options)),
    ],
  ]];
}

const chosen = SIZES.flatMap(waysOf)
  .map((ways) => ways.filter(([title]) => filter.test(title)))
  .filter(({ length }) => length > 0);
const progress = new Progress(chosen.flat().length);
for (const ways of chosen) {
  summary(() => {
    for (const [title, run] of ways) bench(title, showing(progress, title, run));
  });
}
await run();
