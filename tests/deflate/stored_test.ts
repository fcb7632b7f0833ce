import { test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { assertEquals, assertThrows } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding";
import { InflateError, type InflateErrorCode } from "../../deflate/inflate.ts";
import {
  deflateStored,
  joinStored,
  STORED_HEADER_BYTES,
  storedSize,
  storeInPlace,
  writeStoredHeader,
} from "../../deflate/stored.ts";
import { readBlocks, storeBlocks } from "../../deflate/stored_blocks.ts";
import { inputs, SIZES, zlibVerdict } from "./support.ts";

function inflate(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const [archive, , fault] = readBlocks(bytes, maxBytes);
  if (fault) throw new InflateError(fault, "no");
  return archive;
}

for (const size of SIZES) {
  test(`storeBlocks() of ${size} bytes is what deflateStored() writes`, () => {
    for (const input of Object.values(inputs(size))) {
      const output = new Uint8Array(storedSize(size));
      deflateStored(input, output);
      assertEquals(storeBlocks(input), output);
    }
  });
}

test("deflateStored() of nothing is one empty final block", () => {
  const output = new Uint8Array(storedSize(0));
  assertEquals(deflateStored(new Uint8Array(0), output), 5);
  assertEquals(encodeHex(output), "010000ffff");
});

test("writeStoredHeader() makes a stream of a payload that is in place", () => {
  const bytes = new Uint8Array([9, 9, 0, 0, 0, 0, 0, 1, 2, 3]);
  writeStoredHeader(bytes, 2, 3);
  assertEquals(encodeHex(bytes), "0909010300fcff010203");
  assertEquals(STORED_HEADER_BYTES, 5);
});

for (const size of SIZES) {
  test(`deflateStored() of ${size} bytes is what zlib inflates, to its last byte`, () => {
    for (const input of Object.values(inputs(size))) {
      const output = new Uint8Array(storedSize(size) + 3);
      const end = deflateStored(input, output, 3);
      assertEquals(end, output.length);
      assertEquals(zlibVerdict(output.subarray(3), Math.max(1, size)), input);
    }
  });
}

for (const size of SIZES) {
  test(`storeInPlace() of ${size} bytes is what deflateStored() writes, and joinStored() gives them back`, () => {
    for (const input of Object.values(inputs(size))) {
      const expected = new Uint8Array(storedSize(size));
      deflateStored(input, expected);
      const bytes = new Uint8Array(storedSize(size) + 3).fill(9);
      bytes.set(input, STORED_HEADER_BYTES);
      assertEquals(storeInPlace(bytes, size), expected.length);
      assertEquals(bytes.subarray(0, expected.length), expected);
      assertEquals(bytes.subarray(expected.length), Uint8Array.of(9, 9, 9));
      for (const stream of [expected, new Uint8Array(deflateRawSync(input, { level: 0 }))]) {
        assertEquals(joinStored(stream, size), size);
        assertEquals(stream.slice(STORED_HEADER_BYTES, STORED_HEADER_BYTES + size), input);
      }
    }
  });
}

test("joinStored() joins blocks of any sizes, also behind and between empty ones", () => {
  const payload = Uint8Array.from({ length: 40 }, (_, i) => i + 1);
  for (const sizes of [[0, 40], [0, 0, 7, 33], [3, 0, 30, 7], [40, 0], [0, 0, 0, 40, 0]]) {
    let at = 0;
    const stream = Uint8Array.from(sizes.flatMap((size, i) => {
      const block = payload.subarray(at, at += size);
      return [Number(i === sizes.length - 1), size, 0, ~size & 255, 255, ...block];
    }));
    assertEquals(zlibVerdict(stream, 40), payload);
    assertEquals(joinStored(stream, 40), 40);
    assertEquals(stream.slice(STORED_HEADER_BYTES, STORED_HEADER_BYTES + 40), payload);
  }
});

for (const size of SIZES) {
  test(`readBlocks() gives back ${size} bytes, ours and zlib's`, () => {
    for (const input of Object.values(inputs(size))) {
      const output = new Uint8Array(storedSize(size));
      deflateStored(input, output);
      assertEquals(inflate(output, size), input);
      assertEquals(inflate(new Uint8Array(deflateRawSync(input, { level: 0 })), size), input);
    }
  });
}

const HOSTILE: readonly (readonly [string, string, InflateErrorCode, number?])[] = [
  ["nothing", "", "Truncated"],
  ["half a header", "0100", "Truncated"],
  ["a header and no payload", "010200fdff", "Truncated"],
  ["half a payload", "010200fdff41", "Truncated"],
  ["no block after one that is not final", "000100feff41", "Truncated"],
  ["a fixed block", "4b040043beb7e8", "Corrupt"],
  ["a block of an unknown kind", "070100feff41", "Corrupt"],
  ["lengths that disagree", "010100ffff41", "Corrupt"],
  ["a byte after the final block", "010100feff4100", "TrailingBytes"],
  ["more than the limit", "010200fdff4142", "TooBig", 1],
  ["more than the limit in the second block", "000100feff41010100feff42", "TooBig", 1],
];
for (const [what, hex, code, maxBytes = 10] of HOSTILE) {
  test(`readBlocks() refuses ${what}`, () => {
    const error = assertThrows(() => inflate(decodeHex(hex), maxBytes), InflateError);
    assertEquals(error.code, code);
  });

  test(`joinStored() leaves ${what} to others, as it is`, () => {
    const bytes = decodeHex(hex);
    assertEquals(joinStored(bytes, maxBytes), -1);
    assertEquals(encodeHex(bytes), hex);
  });
}
