import { assertEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { test } from "node:test";
import { bytes, u8, vec } from "../../codec/mod.ts";
import { checkRaw, ownBytes } from "../../stream/raw.ts";
import { isRawItem } from "../../stream/raw_item.ts";
import { ProtocolError } from "../../wire/errors.ts";

const LIMITS = { maxMessageBytes: 1 << 20, maxInflatedBytes: 1 << 20 };
const SIZE = 16_385;

test("only bytes of more than a batch are sent raw, in memory that nobody else changes", () => {
  const isRaw = (item: unknown, schema = bytes, limits = LIMITS) => isRawItem(schema, item, limits);
  assertEquals(isRaw(new Uint8Array(SIZE)), true);
  assertEquals(isRaw(new Uint8Array(SIZE + 9).subarray(5, 5 + SIZE)), true);
  assertEquals(isRaw(new Uint8Array(SIZE - 1)), false);
  assertEquals(isRaw(new Uint8Array(new SharedArrayBuffer(SIZE))), false);
  const resizable = new (ArrayBuffer as new (length: number, options: object) => ArrayBuffer)(
    SIZE,
    { maxByteLength: 2 * SIZE },
  );
  assertEquals(isRaw(new Uint8Array(resizable)), false);
  for (
    const wrong of [new Uint8ClampedArray(SIZE), new ArrayBuffer(SIZE), "a".repeat(SIZE), null]
  ) {
    assertEquals(isRaw(wrong), false);
  }
  assertEquals(isRawItem(vec(u8), new Uint8Array(SIZE), LIMITS), false);
});

test("an item near a limit of the peer's is sent as an archive, which says what is too large", () => {
  for (const limit of ["maxMessageBytes", "maxInflatedBytes"] as const) {
    const at = (max: number) => isRawItem(bytes, new Uint8Array(SIZE), { ...LIMITS, [limit]: max });
    assertEquals([at(SIZE + 81), at(SIZE + 80)], [true, false], limit);
  }
});

test("a raw item over a limit is refused", () => {
  for (const limit of ["maxMessageBytes", "maxInflatedBytes"] as const) {
    checkRaw(new Uint8Array(SIZE), { ...LIMITS, [limit]: SIZE });
    const error = assertThrows(
      () => checkRaw(new Uint8Array(SIZE), { ...LIMITS, [limit]: SIZE - 1 }),
      ProtocolError,
    ) as ProtocolError;
    assertEquals([error.code, error.closeCode], ["TooBig", 4009]);
  }
});

test("ownBytes() takes the memory of a message that fills it, and copies another", () => {
  const whole = Uint8Array.of(1, 2, 3);
  const taken = ownBytes(whole);
  assertEquals([taken, taken.buffer === whole.buffer], [Uint8Array.of(1, 2, 3), true]);
  const { constructor } = ownBytes(Buffer.from(new ArrayBuffer(3)));
  assertEquals(constructor, Uint8Array, "not a Buffer, whose slice does not copy");
  const part = Uint8Array.of(0, 1, 2, 3).subarray(1);
  const copied = ownBytes(part);
  assertEquals([copied, copied.buffer.byteLength], [Uint8Array.of(1, 2, 3), 3]);
  assertEquals(part, Uint8Array.of(1, 2, 3));
});
