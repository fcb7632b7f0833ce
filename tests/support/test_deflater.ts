/**
 * {@linkcode testDeflater}: a strict {@linkcode Deflater} by `node:zlib` alone.
 *
 * @module
 */
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { InflateError } from "../../deflate/inflate.ts";
import type { Deflater } from "../../wire/deflater.ts";

/** Answers at once, and refuses invalid streams with the right code. */
export const testDeflater: Deflater = {
  deflate: (bytes, level) => new Uint8Array(deflateRawSync(bytes, { level })),
  inflate(bytes, maxBytes) {
    try {
      return new Uint8Array(inflateRawSync(bytes, { maxOutputLength: maxBytes }));
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
