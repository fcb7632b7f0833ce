/**
 * {@linkcode testDeflater}: a strict {@linkcode Deflater} by `node:zlib` alone.
 *
 * @module
 */
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { InflateError } from "../../deflate/inflate.ts";
import type { Deflater } from "../../wire/deflater.ts";

interface Found {
  readonly buffer: Uint8Array;
  readonly engine: { readonly bytesWritten: number };
}

/** Answers at once, and refuses invalid streams with the right code. */
export const testDeflater: Deflater = {
  deflate: (bytes, level) => new Uint8Array(deflateRawSync(bytes, { level })),
  inflate(bytes, maxBytes) {
    const [inflated, end] = testDeflater.inflateFirst(bytes, maxBytes);
    if (end < bytes.length) throw new InflateError("TrailingBytes", "Cannot inflate");
    return inflated;
  },
  inflateFirst(bytes, maxBytes) {
    try {
      const options = { maxOutputLength: maxBytes, info: true };
      const { buffer, engine } = inflateRawSync(bytes, options) as unknown as Found;
      return [new Uint8Array(buffer), engine.bytesWritten];
    } catch (cause) {
      const { code } = cause as { code?: string };
      throw new InflateError(
        code === "ERR_BUFFER_TOO_LARGE"
          ? "TooBig"
          : code === "Z_BUF_ERROR"
          ? "Truncated"
          : "Corrupt",
        "Cannot inflate",
        { cause },
      );
    }
  },
};
