import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";
import type { ProtocolError } from "../../wire/errors.ts";
import { type ArchiveListener, receive } from "../../wire/receiver.ts";
import { testDeflater } from "../support/test_deflater.ts";

const LIMITS = { maxMessageBytes: 1000, maxInflatedBytes: 5000 };

function setUp() {
  const archives: string[] = [];
  const errors: ProtocolError[] = [];
  const listener: ArchiveListener = {
    onArchive: (bytes, start, end) => {
      if (bytes[start] === 0xff) throw new RangeError("no message");
      archives.push(`${bytes[start]}x${end - start}`);
    },
    onProtocolError: (error) => errors.push(error),
  };
  const push = (message: Uint8Array) =>
    receive(message, { deflater: testDeflater, limits: LIMITS }, listener);
  return { archives, errors, push };
}

const deflated = (fill: number, length: number) =>
  new Uint8Array(deflateRawSync(new Uint8Array(length).fill(fill)));

test("receive() delivers in the same turn", () => {
  const { archives, push } = setUp();
  push(deflated(1, 3));
  push(Uint8Array.of(1, 2, 0, 0xfd, 0xff, 9, 9));
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
  test(`receive() refuses ${what}, and takes what comes next`, () => {
    const { archives, errors, push } = setUp();
    push(message);
    push(deflated(1, 3));
    assertEquals(errors.map((error) => [error.code, error.closeCode]), [[code, closeCode]]);
    assertEquals(archives, ["1x3"]);
  });
}
