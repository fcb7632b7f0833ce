import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";
import type { ProtocolError } from "../../wire/errors.ts";
import { Receiver } from "../../wire/receiver.ts";
import { testDeflater } from "../support/test_deflater.ts";

const LIMITS = { maxMessageBytes: 1000, maxInflatedBytes: 5000 };

function setUp() {
  const archives: string[] = [];
  const errors: ProtocolError[] = [];
  const receiver = new Receiver({
    deflater: testDeflater,
    limits: LIMITS,
    onArchive: (bytes, start, end) => {
      if (bytes[start] === 0xff) throw new RangeError("no message");
      archives.push(`${bytes[start]}x${end - start}`);
    },
    onError: (error) => errors.push(error),
  });
  return { archives, errors, receiver };
}

const deflated = (fill: number, length: number) =>
  new Uint8Array(deflateRawSync(new Uint8Array(length).fill(fill)));

test("Receiver delivers in the same turn", () => {
  const { archives, receiver } = setUp();
  receiver.push(deflated(1, 3));
  receiver.push(Uint8Array.of(1, 2, 0, 0xfd, 0xff, 9, 9));
  assertEquals(archives, ["1x3", "9x2"]);
});

const HOSTILE:
  readonly (readonly [what: string, message: Uint8Array, code: string, closeCode: number])[] = [
    ["nothing", new Uint8Array(0), "BadDeflate", 4002],
    ["a truncated stream", deflated(1, 300).slice(0, -1), "BadDeflate", 4002],
    ["garbage", Uint8Array.of(0xff, 0xff, 0xff), "BadDeflate", 4002],
    ["a message over the limit", new Uint8Array(1001), "TooBig", 4009],
    ["a message that inflates over the limit", deflated(1, 5001), "TooBig", 4009],
    ["an archive that is no message", deflated(0xff, 4), "BadMessage", 4002],
  ];

for (const [what, message, code, closeCode] of HOSTILE) {
  test(`Receiver refuses ${what}, and goes on`, () => {
    const { archives, errors, receiver } = setUp();
    receiver.push(message);
    receiver.push(deflated(1, 3));
    assertEquals(errors.map((error) => [error.code, error.closeCode]), [[code, closeCode]]);
    assertEquals(archives, ["1x3"]);
  });
}

test("Receiver.close() delivers nothing more", () => {
  const { archives, errors, receiver } = setUp();
  receiver.close();
  receiver.push(deflated(3, 300));
  receiver.push(new Uint8Array(0));
  assertEquals([archives, errors], [[], []]);
});
