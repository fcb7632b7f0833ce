/** The behaviour that every `Deflater` must have: run once for each. */
import { test } from "node:test";
import { constants, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { InflateError, type InflateErrorCode } from "../../deflate/inflate.ts";
import { storedSize } from "../../deflate/stored.ts";
import type { Deflater } from "../../wire/deflater.ts";
import { inputs, zlibVerdict } from "./support.ts";

/** Bytes to deflate: at least one on each side of every threshold. */
const SIZES: readonly number[] = [0, 1, 63, 64, 511, 4096, 4097, 16_383, 16_384, 65_535, 65_536]
  .concat([1_048_575, 1_048_576]);

/** Streams with a length for each way of inflating. */
const RUNGS: Readonly<Record<string, Uint8Array<ArrayBuffer>>> = {
  "a tiny stored": new Uint8Array(deflateRawSync(new Uint8Array(20), { level: 0 })),
  "a large stored": new Uint8Array(deflateRawSync(inputs(40_000).json, { level: 0 })),
  "a stored one of two blocks": new Uint8Array(
    deflateRawSync(inputs(70_000).json, { level: 0 }),
  ),
  "a small fixed": new Uint8Array(deflateRawSync(inputs(100).json, { strategy: 4 })),
  "a small dynamic": new Uint8Array(deflateRawSync(inputs(1000).json)),
  "a large fixed": new Uint8Array(deflateRawSync(inputs(20_000).json, { strategy: 4 })),
  "a large dynamic": new Uint8Array(deflateRawSync(inputs(40_000).json)),
};
const WAYS = ["inflate", "inflateFirst"] as const;
/** `CompressionStream` makes its own stored blocks, of 16 KiB or so. */
const MAX_STREAM_EXCESS_BYTES = 400;
const MAX_BYTES = 100_000;

function join(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

/** Declare the tests of a deflater under its name. */
export function deflaterTests(name: string, create: () => Deflater): void {
  const refuses = async (
    bytes: Uint8Array,
    codes: readonly InflateErrorCode[],
    max = MAX_BYTES,
  ) => {
    for (const way of codes[0] === "TrailingBytes" ? WAYS.slice(0, 1) : WAYS) {
      const error = await assertRejects(async () => await create()[way](bytes, max), InflateError);
      assert(codes.includes(error.code), `${way}: ${error.code}, not ${codes}`);
    }
  };

  test(`${name} deflates every size at every level into one whole stream`, async () => {
    const deflater = create();
    for (const size of SIZES) {
      for (const input of Object.values(inputs(size))) {
        for (const level of size > 100_000 ? [0, 1, 6] : [0, 1, 2, 6, 9]) {
          const deflated = (await deflater.deflate(input, level)).slice();
          assertEquals(zlibVerdict(deflated, Math.max(1, size)), input);
          assertEquals(new Uint8Array(await deflater.inflate(deflated, size)), input);
          assert(deflated.length <= storedSize(size) + MAX_STREAM_EXCESS_BYTES);
        }
      }
    }
  });

  for (const [kind, stream] of Object.entries(RUNGS)) {
    test(`${name} inflates ${kind} stream, and refuses it spoilt`, async () => {
      const whole = zlibVerdict(stream, MAX_BYTES);
      assert(whole instanceof Uint8Array);
      assertEquals(new Uint8Array(await create().inflate(stream, MAX_BYTES)), whole);
      assertEquals(new Uint8Array(await create().inflate(stream, whole.length)), whole);
      const first = create();
      for (const rest of [[], [0], [3, 0], [7, 1, 2], whole.subarray(0, 5000)]) {
        const batch = join(stream, new Uint8Array(rest));
        const [archive, end] = first.inflateFirst(batch, whole.length);
        assertEquals(new Uint8Array(archive), whole);
        assertEquals(end, stream.length);
      }

      await refuses(stream, ["TooBig"], whole.length - 1);
      await refuses(stream, ["TooBig"], 0);
      await refuses(stream.subarray(0, -1), ["Truncated"]);
      await refuses(stream.subarray(0, stream.length >> 1), ["Truncated"]);
      await refuses(join(stream, new Uint8Array(1)), ["TrailingBytes"]);
      await refuses(join(stream, stream), ["TrailingBytes"]);
      const corrupt = stream.slice();
      corrupt[0] = 7;
      await refuses(corrupt, ["Corrupt"]);
    });
  }

  for (const size of [100, 2000, 40_000]) {
    test(`${name} wants a final block: a flushed ${size} bytes are not enough`, async () => {
      const input = inputs(size).json;
      const flushed = new Uint8Array(
        deflateRawSync(input, { finishFlush: constants.Z_SYNC_FLUSH }),
      );
      await refuses(flushed, ["Truncated"]);
      const ended = join(flushed, new Uint8Array([3, 0]));
      assertEquals(new Uint8Array(await create().inflate(ended, size)), input);
    });

    test(`${name} refuses ${size} bytes wrapped as zlib or gzip does`, async () => {
      const input = inputs(size).json;
      // A wrapper's first byte is a block header too, so the words differ, never the refusal.
      await refuses(new Uint8Array(deflateSync(input)), ["Corrupt", "Truncated"]);
      await refuses(new Uint8Array(gzipSync(input)), ["Corrupt", "Truncated"]);
    });
  }

  test(`${name} refuses no bytes at all`, () => refuses(new Uint8Array(0), ["Truncated"]));

  test(`${name} stops bombs at the limit, small and large`, async () => {
    for (const size of [200_000, 64 << 20]) {
      await refuses(new Uint8Array(deflateRawSync(new Uint8Array(size), { level: 9 })), ["TooBig"]);
    }
  });
}
