import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { applyMask, packMask, turnMask } from "../../runtime/websocket/mask.ts";

const MASK: Uint8Array = Uint8Array.of(0xa1, 0x02, 0x93, 0x04);

test("applyMask() masks as RFC 6455 says, at any offset and length, and nothing else", () => {
  for (let offset = 0; offset < 4; offset++) {
    for (let start = 0; start < 5; start++) {
      for (const size of [0, 1, 3, 47, 48, 49, 50, 51, 52, 60, 63, 67, 71, 75, 79, 300]) {
        const bytes = new Uint8Array(new ArrayBuffer(offset + start + size + 5), offset);
        const expected = bytes.map((_, at) =>
          at >= start && at < start + size ? MASK[(at - start) & 3] ?? 0 : 0
        );
        applyMask(bytes, start, start + size, packMask(MASK, 0));
        assertEquals(bytes, expected);
      }
    }
  }
});

test("turnMask() goes on in the middle of a mask", () => {
  for (let read = 0; read < 9; read++) {
    const whole = new Uint8Array(60);
    applyMask(whole, 0, 60, packMask(MASK, 0));
    const parts = new Uint8Array(60);
    applyMask(parts, 0, read, packMask(MASK, 0));
    applyMask(parts, read, 60, turnMask(packMask(MASK, 0), read));
    assertEquals(parts, whole);
  }
});
