/**
 * The {@linkcode Deflater} of browsers: our own code, and `CompressionStream` where it pays.
 *
 * The stream saves bytes but no time: in Chromium our encoder is faster at every measured size (20 times at
 * 1 KiB, 5 times at 16 KiB and 256 KiB), but its output is about 1.5 times as large as the stream's, which is
 * zlib's level 6. So the stream deflates only messages of at least {@linkcode MIN_STREAM_BYTES} at
 * {@linkcode MIN_STREAM_LEVEL} or more. It works off the page's thread.
 *
 * `DecompressionStream` is never used. It has no output limit, returns truncated messages as if they were
 * complete on some runtimes, and is slower than our decoder up to about 8 KiB.
 *
 * @module
 */
import { inflate, inflatedBytes, inflateFirst, MAX_SCRATCH_BYTES } from "../deflate/inflate.ts";
import type { Deflater } from "../wire/deflater.ts";
import { deflateFixed, maxFixedSize } from "../deflate/fixed_huffman.ts";
import { deflateStored, storedSize } from "../deflate/stored.ts";

/** Lowest level at which size matters more than latency. */
export const MIN_STREAM_LEVEL = 2;

/** Smallest message, in bytes, for which the stream's saving justifies its call. */
export const MIN_STREAM_BYTES = 16_384;

/** A stream, or `undefined` in browsers without raw DEFLATE (Safari before 16.4). */
function compressionStream(): CompressionStream | undefined {
  try {
    return new CompressionStream("deflate-raw");
  } catch {
    return undefined;
  }
}

async function deflateThrough(
  { readable, writable }: CompressionStream,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const writer = writable.getWriter();
  const [deflated] = await Promise.all([
    new Response(readable).arrayBuffer(),
    writer.write(bytes),
    writer.close(),
  ]);
  return new Uint8Array(deflated);
}

/** A {@linkcode Deflater} that needs nothing of the runtime and uses `CompressionStream` if present. */
export function createStreamsDeflater(): Deflater {
  const small = new SmallDeflater();
  return {
    deflate(bytes, level) {
      const isLarge = level >= MIN_STREAM_LEVEL && bytes.length >= MIN_STREAM_BYTES;
      const stream = isLarge ? compressionStream() : undefined;
      return stream ? deflateThrough(stream, bytes) : small.deflate(bytes, level);
    },
    inflate,
    inflateFirst: (bytes, maxBytes) => [inflateFirst(bytes, maxBytes), inflatedBytes()],
  };
}

/** Deflates with our own code, in memory that is reused for the next message. */
export class SmallDeflater {
  #scratch: Uint8Array<ArrayBuffer> = new Uint8Array(4096);

  #room(size: number): Uint8Array<ArrayBuffer> {
    if (size <= this.#scratch.length) return this.#scratch;
    const room = new Uint8Array(Math.max(size, Math.min(2 * size, MAX_SCRATCH_BYTES)));
    if (room.length <= MAX_SCRATCH_BYTES) this.#scratch = room;
    return room;
  }

  /** Stored or fixed Huffman, whichever is smaller; level 0 is stored. */
  deflate(bytes: Uint8Array, level: number): Uint8Array<ArrayBuffer> {
    const compresses = level > 0;
    const output = this.#room((compresses ? maxFixedSize : storedSize)(bytes.length));
    if (compresses) {
      const end = deflateFixed(bytes, output);
      if (end >= 0) return output.subarray(0, end);
    }
    return output.subarray(0, deflateStored(bytes, output));
  }
}
