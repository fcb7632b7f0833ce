import { test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { assert, assertEquals } from "@std/assert";
import { encodeHex } from "@std/encoding";
import { deflateFixed, maxFixedSize } from "../../deflate/fixed_huffman.ts";
import { storedSize } from "../../deflate/stored.ts";
import { inputs, seeded, SIZES, zlibVerdict } from "./support.ts";

function fixed(input: Uint8Array): Uint8Array | undefined {
  const output = new Uint8Array(maxFixedSize(input.length) + 2);
  const end = deflateFixed(input, output, 2);
  return end < 0 ? undefined : output.subarray(2, end);
}

test("deflateFixed() of nothing is the two bytes of an empty fixed block", () => {
  assertEquals(encodeHex(fixed(new Uint8Array(0)) ?? new Uint8Array(0)), "0300");
});

for (const size of SIZES) {
  test(`deflateFixed() of ${size} bytes is what zlib inflates, to its last byte`, () => {
    for (const [name, input] of Object.entries(inputs(size))) {
      const deflated = fixed(input);
      assert(deflated !== undefined || (name === "random" || name === "narrow"), name);
      if (deflated === undefined) continue;
      assert(deflated.length <= storedSize(size));
      assertEquals(zlibVerdict(deflated, Math.max(1, size)), input, name);
    }
  });
}

test("deflateFixed() says -1 where stored blocks are smaller, and stays within its bound", () => {
  const random = seeded(9);
  const input = new Uint8Array(1000).map(() => 144 + random(112));
  const output = new Uint8Array(maxFixedSize(1000) + 1).fill(7);
  assertEquals(deflateFixed(input, output), -1);
  assertEquals(output.at(-1), 7);
});

test("deflateFixed() sees only its own part of the input", () => {
  const random = seeded(5);
  const input = new Uint8Array(4000).map(() => 97 + random(4));
  for (let round = 0; round < 2000; round++) {
    const start = random(4000);
    const end = start + random(Math.min(300, 4000 - start) + 1);
    const output = new Uint8Array(maxFixedSize(end - start));
    const stop = deflateFixed(input.subarray(start, end), output);
    assert(stop > 0);
    assertEquals(zlibVerdict(output.subarray(0, stop), 1000), input.slice(start, end));
  }
});

test("deflateFixed() finds what zlib's level 1 finds, to within a fifth", () => {
  for (const size of [259, 1000, 4096, 32_768]) {
    const input = inputs(size).json;
    const ours = fixed(input)?.length ?? Infinity;
    assert(ours <= deflateRawSync(input, { level: 1, strategy: 4 }).length * 1.2, `${size}`);
  }
});
