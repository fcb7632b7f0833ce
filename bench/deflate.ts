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

const SIZES = [32, 64, 256, 512, 1024, 2048, 4096, 8192, 16_384, 65_536] as const;

function rows(size: number): Uint8Array<ArrayBuffer> {
  let text = "";
  for (let i = 0; text.length < size; i++) {
    text += `{"id":${i * 7919 % 99_991},"name":"user-${i * 31 % 50}","ok":${i % 3 === 0}},`;
  }
  return new TextEncoder().encode(text.slice(0, size));
}

for (const size of SIZES) {
  const input = rows(size);
  const output = new Uint8Array(maxFixedSize(size));
  const end = deflateFixed(input, output);
  const fixed = output.slice(0, end);
  const dynamic = new Uint8Array(deflateRawSync(input, { level: 6 }));
  const stored = new Uint8Array(storedSize(size));
  deflateStored(input, stored);
  const level1 = deflateRawSync(input, { level: 1 }).length;

  summary(() => {
    const of = `${size} B`;
    bench(`deflate ${of}: stored, ${stored.length}`, () => keep(deflateStored(input, stored)));
    bench(
      `deflate ${of}: fixed, ${fixed.length}`,
      () => keep(deflateFixed(input, output)),
    );
    bench(`deflate ${of}: zlib 1, ${level1}`, () => keep(deflateRawSync(input, { level: 1 })));
    bench(
      `deflate ${of}: zlib 6, ${dynamic.length}`,
      () => keep(deflateRawSync(input, { level: 6 })),
    );
  });
  summary(() => {
    const options = { maxOutputLength: size, info: true };
    bench(`inflate ${size} B: stored`, () => keep(inflate(stored, size)));
    bench(`inflate ${size} B: own, fixed ${fixed.length}`, () => keep(inflate(fixed, size)));
    bench(`inflate ${size} B: own, dynamic ${dynamic.length}`, () => keep(inflate(dynamic, size)));
    bench(
      `inflate ${size} B: zlib, dynamic ${dynamic.length}`,
      () => keep(inflateRawSync(dynamic, options)),
    );
  });
}

const filter = process.argv[2];
await run(filter === undefined ? {} : { filter: new RegExp(filter) });
