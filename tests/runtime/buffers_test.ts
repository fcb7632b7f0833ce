import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { freeReceived } from "../../runtime/websocket/buffers.ts";

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
