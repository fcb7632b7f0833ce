import { assertEquals } from "@std/assert";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { seemsCompressible } from "../../deflate/compressible.ts";

const encoder = new TextEncoder();

function json(length: number): Uint8Array {
  let text = "";
  for (let id = 0; text.length < length; id++) {
    text += JSON.stringify({ id, score: Math.random(), active: id % 2 === 0 });
  }
  return encoder.encode(text.slice(0, length));
}

test("seemsCompressible() says no to noise and to compressed bytes", () => {
  for (let round = 0; round < 200; round++) {
    for (const length of [0, 1, 2, 3, 95, 200, 1281, 4096, 65_535]) {
      assertEquals(seemsCompressible(new Uint8Array(randomBytes(length))), false);
    }
  }
  assertEquals(seemsCompressible(new Uint8Array(deflateRawSync(json(200_000)))), false);
});

test("seemsCompressible() says no to what repeats by chance alone", () => {
  for (let round = 0; round < 200; round++) {
    const ids = Uint32Array.from({ length: 1000 }, () => Math.random() * 1e6);
    assertEquals(seemsCompressible(new Uint8Array(ids.buffer)), false);
    // A little text before an image.
    const image = new Uint8Array(randomBytes(8000));
    image.set(json(60));
    assertEquals(seemsCompressible(image), false);
  }
});

test("seemsCompressible() says yes to text, rows, and one value over and over", () => {
  for (const length of [200, 1281, 4096, 65_535]) {
    assertEquals(seemsCompressible(json(length)), true);
    assertEquals(seemsCompressible(new Uint8Array(length)), true);
    const rows = Uint32Array.from({ length: length >> 2 }, (_, i) => i % 4 === 0 ? i : i % 1000);
    assertEquals(seemsCompressible(new Uint8Array(rows.buffer)), true);
  }
});

test("seemsCompressible() doesn't take what was in the message before for its own", () => {
  const noise = new Uint8Array(randomBytes(4096));
  for (let round = 0; round < 100; round++) assertEquals(seemsCompressible(noise), false);
});
