import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import {
  createStreamsDeflater,
  MIN_STREAM_BYTES,
  MIN_STREAM_LEVEL,
} from "../../runtime/streams.ts";
import { deflaterTests } from "../deflate/deflater_cases.ts";
import { inputs } from "../deflate/support.ts";

deflaterTests("createStreamsDeflater()", createStreamsDeflater);

test("createStreamsDeflater() answers at once unless a stream makes the message smaller", async () => {
  const deflater = createStreamsDeflater();
  const large = inputs(MIN_STREAM_BYTES).json;
  assertInstanceOf(deflater.deflate(large.subarray(1), 9), Uint8Array);
  const fast = deflater.deflate(large, MIN_STREAM_LEVEL - 1);
  assertInstanceOf(fast, Uint8Array);
  const size = fast.length;
  const small = deflater.deflate(large, MIN_STREAM_LEVEL);
  assertInstanceOf(small, Promise);
  assert((await small).length < size);
});

test("createStreamsDeflater() does without CompressionStream", () => {
  const original = globalThis.CompressionStream;
  try {
    Reflect.deleteProperty(globalThis, "CompressionStream");
    const deflated = createStreamsDeflater().deflate(new Uint8Array(MIN_STREAM_BYTES), 9);
    assertInstanceOf(deflated, Uint8Array);
    assertEquals(
      createStreamsDeflater().inflate(deflated, MIN_STREAM_BYTES),
      new Uint8Array(MIN_STREAM_BYTES),
    );
  } finally {
    globalThis.CompressionStream = original;
  }
});
