/**
 * The {@linkcode Deflater} of browsers: our own code, and `CompressionStream` where it pays.
 *
 * It pays only for size, and only for large messages: in Chromium our encoder is faster at every size
 * measured (20 times at 1 KiB, 5 times at 16 KiB and at 256 KiB), but its output is about half as large
 * again as zlib's level 6, which is what the stream makes. So the stream takes what is asked for at
 * {@linkcode MIN_STREAM_LEVEL} and has at least {@linkcode MIN_STREAM_BYTES}, off the page's thread.
 *
 * `DecompressionStream` is never used. It has no limit, gives a truncated message as if it were whole
 * in some runtimes, and is slower than our decoder up to about 8 KiB.
 *
 * @module
 */
import { inflate } from "../deflate/inflate.ts";
import type { Deflater } from "../wire/deflater.ts";
import { SmallDeflater } from "./small_deflate.ts";

/** Level from which size is worth more than latency. */
export const MIN_STREAM_LEVEL = 2;

/** Bytes from which what the stream saves is worth what it costs to call. */
export const MIN_STREAM_BYTES = 16_384;

/** A stream, or `undefined` in browsers that have none for raw DEFLATE (Safari before 16.4). */
function compressionStream(): CompressionStream | undefined {
  try {
    return new CompressionStream("deflate-raw");
  } catch {
    return undefined;
  }
}

async function deflateThrough(
  stream: CompressionStream,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array<ArrayBuffer>> {
  const writer = stream.writable.getWriter();
  const written = Promise.all([writer.write(bytes), writer.close()]);
  const chunks: Uint8Array[] = [];
  let length = 0;
  const read = (async () => {
    for (const reader = stream.readable.getReader();;) {
      const { done, value } = await reader.read();
      if (done) return;
      chunks.push(value);
      length += value.length;
    }
  })();
  await Promise.all([written, read]);
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

class StreamsDeflater implements Deflater {
  readonly #small = new SmallDeflater();

  deflate(
    bytes: Uint8Array<ArrayBuffer>,
    level: number,
  ): Uint8Array<ArrayBuffer> | Promise<Uint8Array<ArrayBuffer>> {
    if (level >= MIN_STREAM_LEVEL && bytes.length >= MIN_STREAM_BYTES) {
      const stream = compressionStream();
      if (stream) return deflateThrough(stream, bytes);
    }
    return this.#small.deflate(bytes, level);
  }

  inflate(bytes: Uint8Array, maxBytes: number): Uint8Array {
    return inflate(bytes, maxBytes);
  }
}

/** A {@linkcode Deflater} that needs nothing of the runtime and uses `CompressionStream` if present. */
export function createStreamsDeflater(): Deflater {
  return new StreamsDeflater();
}
