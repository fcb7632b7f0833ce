import { assert, assertEquals } from "@std/assert";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { isPlainNoise, sample } from "../../deflate/compressible.ts";

const encoder = new TextEncoder();

function json(length: number): Uint8Array {
  let text = "";
  for (let id = 0; text.length < length; id++) {
    text += JSON.stringify({ id, score: Math.random(), active: id % 2 === 0 });
  }
  return encoder.encode(text.slice(0, length));
}

test("sample() takes noise and compressed bytes for noise", () => {
  for (let round = 0; round < 200; round++) {
    for (const length of [0, 1, 2, 3, 95, 200, 1281, 4096, 65_535]) {
      assertEquals(sample(new Uint8Array(randomBytes(length))), "noise");
    }
  }
  assertEquals(sample(new Uint8Array(deflateRawSync(json(200_000)))), "noise");
});

test("sample() takes what repeats by chance alone for noise", () => {
  for (let round = 0; round < 200; round++) {
    const ids = Uint32Array.from({ length: 1000 }, () => Math.random() * 1e6);
    assertEquals(sample(new Uint8Array(ids.buffer)), "noise");
    // A little text before an image.
    const image = new Uint8Array(randomBytes(8000));
    image.set(json(60));
    assertEquals(sample(image), "noise");
  }
});

test("isPlainNoise() takes for noise what no level makes smaller, and not random ids", () => {
  const few = Array.from({ length: 200 }, (_, i) => randomBytes(1281 + i))
    .filter((bytes) => !isPlainNoise(new Uint8Array(bytes)));
  assert(few.length < 20, `${few.length} of 200`);
  for (let round = 0; round < 200; round++) {
    const ids = Uint32Array.from({ length: 1000 }, () => Math.random() * 1e6);
    assert(!isPlainNoise(new Uint8Array(ids.buffer)));
    assert(!isPlainNoise(json(1281 + round)));
  }
});

test("sample() finds the repeats of text, rows, and one value over and over", () => {
  for (const length of [200, 1281, 4096, 65_535]) {
    assertEquals(sample(json(length)), "repeats");
    assertEquals(sample(new Uint8Array(length)), "repeats");
    const rows = Uint32Array.from({ length: length >> 2 }, (_, i) => i % 4 === 0 ? i : i % 1000);
    assertEquals(sample(new Uint8Array(rows.buffer)), "repeats");
  }
});

test("sample() doesn't take what was in the message before for its own", () => {
  const noise = new Uint8Array(randomBytes(4096));
  for (let round = 0; round < 100; round++) assertEquals(sample(noise), "noise");
});

test("sample() finds the small alphabets of hexadecimal digits, UUIDs and decimal numbers", () => {
  for (let round = 0; round < 20; round++) {
    const texts = {
      hex: randomBytes(10_000).toString("hex"),
      uuids: Array.from({ length: 500 }, () => crypto.randomUUID()).join("\n"),
      numbers: Array.from({ length: 1000 }, () => Math.random()).join(),
    };
    for (const [name, text] of Object.entries(texts)) {
      // Some three digits come again by chance.
      assert(sample(encoder.encode(text)) !== "noise", name);
    }
  }
});

/** What base32 looks like. */
function base32(length: number): string {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  return Array.from(randomBytes(length), (byte) => letters[byte & 31]).join("");
}

test("sample() takes base64 and base32 for noise, and isPlainNoise() does not", () => {
  for (let round = 0; round < 20; round++) {
    const base64 = randomBytes(10_000).toString("base64");
    const texts = { base64, lines: base64.replaceAll(/.{76}/g, "$&\r\n"), base32: base32(10_000) };
    for (const [name, text] of Object.entries(texts)) {
      const bytes = encoder.encode(text);
      assertEquals(sample(bytes), "noise", name);
      // So a slow link gets it deflated.
      assert(!isPlainNoise(bytes), name);
    }
  }
});
