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
import { deflateFixed, maxFixedSize } from "../deflate/fixed_huffman.ts";
import { deflateStored, storedSize } from "../deflate/stored.ts";

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

/** Output memory that is kept from one call to the next, in bytes: a message of 1 MiB, and what is around it. */
const MAX_SCRATCH_BYTES = 1_048_576 + 16_384;

/** Deflates with our own code, in memory that is used again for the next message. */
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
      const end = deflateFixed(bytes, 0, bytes.length, output, 0);
      if (end >= 0) return output.subarray(0, end);
    }
    return output.subarray(0, deflateStored(bytes, output));
  }
}
