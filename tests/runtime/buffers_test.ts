import { assertEquals } from "@std/assert";
import { test } from "node:test";
import {
  freeReceived,
  giveBuffer,
  takeBuffer,
  takeFreeBuffer,
  wholeBuffer,
} from "../../runtime/websocket/buffers.ts";

const LARGE_BYTES = 16 * 1024;
// Node 20 has none.
const CAN_FREE = "transfer" in ArrayBuffer.prototype;

test("freeReceived() frees large bytes that have a buffer to themselves", () => {
  const bytes = new Uint8Array(LARGE_BYTES);
  freeReceived(bytes);
  assertEquals(bytes.length, CAN_FREE ? 0 : LARGE_BYTES);
});

test("freeReceived() leaves smaller bytes, and those that share their buffer", () => {
  const small = new Uint8Array(LARGE_BYTES - 1);
  const part = new Uint8Array(LARGE_BYTES + 1).subarray(1);
  const start = new Uint8Array(LARGE_BYTES + 1).subarray(0, LARGE_BYTES);
  for (const bytes of [small, part, start]) {
    const { length } = bytes;
    freeReceived(bytes);
    assertEquals(bytes.length, length);
  }
});

test("a payload behind a frame's header is not 1 to 15 bytes from the start of a large buffer's memory", () => {
  for (const bytes of [100, 5000, 16_384, 65_536, 300_000, 3_000_000]) {
    const buffer = takeBuffer(bytes);
    const isLarge = bytes >= 16_384;
    for (const header of [4, 8, 10, 14]) {
      if (isLarge) assertEquals((buffer.byteOffset + header) % 4096 >= 16, true);
    }
    assertEquals(buffer.length >= bytes, true);
    const whole = wholeBuffer(buffer.buffer);
    assertEquals([whole.byteOffset, whole.length], [buffer.byteOffset, buffer.length]);
    giveBuffer(whole);
    assertEquals(takeFreeBuffer(bytes), bytes > 2_000_000 ? undefined : whole);
  }
});
