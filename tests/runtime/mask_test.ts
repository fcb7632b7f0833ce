import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { applyMask, packMask, setMasked, turnMask } from "../../runtime/websocket/mask.ts";
import { openVectorMask } from "../../runtime/websocket/vector_mask.ts";

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

test("large payloads are masked so too, and nothing beside them", () => {
  const random = Uint8Array.from({ length: 997 }, (_, i) => i * i);
  for (const size of [16_383, 16_384, 16_385, 65_535, 65_536, 65_537, 131_072, 200_003]) {
    for (const start of [0, 1, 14]) {
      const bytes = Uint8Array.from({ length: start + size + 200 }, (_, i) => random[i % 997]!);
      const wrong = bytes.map((byte, i) =>
        byte ^ (i >= start && i < start + size ? MASK[(i - start) & 3]! : 0)
      );
      applyMask(bytes, start, start + size, packMask(MASK, 0));
      for (let i = 0; i < bytes.length; i++) wrong[i]! ^= bytes[i]!;
      assertEquals(wrong.findIndex((byte) => byte !== 0), -1, `${size} bytes from ${start}`);
    }
  }
});

test("setMasked() copies a payload of any size to any place, masked, and changes nothing else", () => {
  for (const size of [0, 1, 47, 48, 300, 16_383, 16_384, 65_536, 65_537, 131_073]) {
    for (const at of [0, 3, 14]) {
      const payload = Uint8Array.from({ length: size }, (_, i) => i * i);
      const kept = payload.slice();
      const bytes = new Uint8Array(at + size + 200).fill(1);
      setMasked(bytes, at, payload, packMask(MASK, 0));
      const expected = new Uint8Array(bytes.length).fill(1);
      for (let i = 0; i < size; i++) expected[at + i] = payload[i]! ^ MASK[i & 3]!;
      assertEquals(bytes, expected, `${size} bytes at ${at}`);
      assertEquals(payload, kept);
    }
  }
});

test("there is WebAssembly for it, and without it none is needed", () => {
  assertEquals(typeof openVectorMask(), "function");
  const { WebAssembly } = globalThis;
  try {
    Object.assign(globalThis, { WebAssembly: undefined });
    assertEquals(openVectorMask(), undefined);
  } finally {
    Object.assign(globalThis, { WebAssembly });
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
