import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { encodeHex } from "@std/encoding";
import {
  deflateStored,
  STORED_HEADER_BYTES,
  storedSize,
  writeStoredHeader,
} from "../../deflate/stored.ts";
import { inputs, SIZES, zlibVerdict } from "./support.ts";

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
