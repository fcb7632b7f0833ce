// deno-lint-ignore-file no-console
/**
 * `node:zlib`, compared with `CompressionStream` and `DecompressionStream`: microseconds a message, level 6, the median
 * of many. Run: `deno run -A bench/zlib.ts`, `bun bench/zlib.ts`, or bundled on Node.
 *
 * @module
 */
import { deflateRawSync, inflateRawSync } from "node:zlib";

import { Progress } from "./progress.ts";

const SIZES = [1024, 16_384, 65_536, 1_048_576] as const;
/** Milliseconds that each is tried for. */
const TRY_MS = 400;

function rows(size: number): Uint8Array<ArrayBuffer> {
  let text = "";
  for (let i = 0; text.length < size; i++) text += `{"id":${i * 7919 % 99_991},"n":${i % 50}},`;
  return new TextEncoder().encode(text.slice(0, size));
}

async function through(
  stream: CompressionStream | DecompressionStream,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<number> {
  const writer = stream.writable.getWriter();
  const written = writer.write(bytes).then(() => writer.close());
  let length = 0;
  const reader = stream.readable.getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    length += part.value.byteLength;
  }
  await written;
  return length;
}

const progress = new Progress(SIZES.length * 4);

async function median(what: string, run: () => unknown): Promise<string> {
  progress.step(what);
  const times: number[] = [];
  const end = performance.now() + TRY_MS;
  while (performance.now() < end || times.length < 5) {
    const start = performance.now();
    await run();
    times.push((performance.now() - start) * 1000);
  }
  return times.sort((a, b) => a - b)[times.length >> 1]!.toFixed(1);
}

const lines = ["| bytes | deflate: zlib | stream | inflate: zlib | stream |"];
for (const size of SIZES) {
  const bytes = rows(size);
  const small = new Uint8Array(deflateRawSync(bytes));
  const cells = [
    await median(`zlib deflates ${size} bytes`, () => deflateRawSync(bytes)),
    await median(
      `a stream deflates ${size} bytes`,
      () => through(new CompressionStream("deflate-raw"), bytes),
    ),
    await median(
      `zlib inflates ${size} bytes`,
      () => inflateRawSync(small, { maxOutputLength: size }),
    ),
    await median(
      `a stream inflates ${size} bytes`,
      () => through(new DecompressionStream("deflate-raw"), small),
    ),
  ];
  lines.push(`| ${[size, ...cells].join(" | ")} |`);
}
progress.end();
console.log(lines.join("\n"));
