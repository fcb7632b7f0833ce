/** Inputs and the reference decoder shared by the DEFLATE tests. */
import { constants, inflateRawSync } from "node:zlib";

/** zlib's result for a stream: its bytes, or the code of {@linkcode InflateError}. */
export type Verdict = Uint8Array | "Truncated" | "Corrupt" | "TrailingBytes" | "TooBig";

/** zlib's own verdict, with trailing bytes refused. */
export function zlibVerdict(bytes: Uint8Array, maxBytes: number): Verdict {
  try {
    const { buffer, engine } = inflateRawSync(bytes, {
      maxOutputLength: maxBytes,
      info: true,
    }) as unknown as { buffer: Uint8Array; engine: { bytesWritten: number } };
    return engine.bytesWritten === bytes.length ? new Uint8Array(buffer) : "TrailingBytes";
  } catch (error) {
    const { code } = error as { code: string };
    if (code === "Z_BUF_ERROR") return "Truncated";
    return code === "ERR_BUFFER_TOO_LARGE" ? "TooBig" : "Corrupt";
  }
}

/** A small generator with a seed (mulberry32), for numbers from 0 up to `below`. */
export function seeded(seed: number): (below: number) => number {
  return (below) => {
    seed = seed + 0x6d2b79f5 | 0;
    let t = Math.imul(seed ^ seed >>> 15, 1 | seed);
    t = t + Math.imul(t ^ t >>> 7, 61 | t) ^ t;
    return Math.floor(((t ^ t >>> 14) >>> 0) / 2 ** 32 * below);
  };
}

/** Sizes at thresholds. */
export const SIZES = [0, 1, 2, 3, 4, 5, 31, 64, 257, 258, 259, 1000, 4096, 32_767, 32_768, 65_535]
  .concat([65_536, 131_071, 1_048_576]) as readonly number[];

/** Inputs of `size` bytes: all equal, like JSON, random, and of few distinct bytes. */
export function inputs(
  size: number,
): Record<"zeros" | "json" | "random" | "narrow", Uint8Array<ArrayBuffer>> {
  const random = seeded(size + 1);
  const json = new Uint8Array(size);
  for (let at = 0; at < size;) {
    const row = `{"id":${random(1e6)},"name":"user-${random(50)}","ok":${random(2) === 0}},`;
    for (let i = 0; i < row.length && at < size; i++) json[at++] = row.charCodeAt(i);
  }
  return {
    zeros: new Uint8Array(size),
    json,
    random: new Uint8Array(size).map(() => random(256)),
    narrow: new Uint8Array(size).map(() => random(3) + 143),
  };
}

/** Every strategy of zlib. */
export const STRATEGIES: readonly number[] = [
  constants.Z_DEFAULT_STRATEGY,
  constants.Z_FILTERED,
  constants.Z_HUFFMAN_ONLY,
  constants.Z_RLE,
  constants.Z_FIXED,
];

/** Writes bits, lowest first: `[value, bits]` as a number, or a Huffman code as a string of 0 and 1. */
export function bits(...parts: readonly (readonly [number, number] | string)[]): Uint8Array {
  const all: number[] = [];
  for (const part of parts) {
    if (typeof part === "string") { for (const c of part) if (c !== " ") all.push(+c); }
    else for (let i = 0; i < part[1]; i++) all.push(part[0] >> i & 1);
  }
  const bytes = new Uint8Array(Math.ceil(all.length / 8));
  all.forEach((bit, i) => bytes[i >> 3] = (bytes[i >> 3] ?? 0) | bit << (i & 7));
  return bytes;
}
