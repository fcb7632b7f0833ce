import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";
import { createZlibDeflater, MAX_OWN_INFLATE_BYTES } from "../../runtime/node/zlib.ts";
import type { ProtocolError } from "../../wire/errors.ts";
import { type ArchiveListener, receive } from "../../wire/receiver.ts";
import { createStreamsDeflater } from "../../runtime/streams.ts";
import type { Deflater, FrameLimits } from "../../wire/deflater.ts";
import { testDeflater } from "../support/test_deflater.ts";

const LIMITS = { maxMessageBytes: 1000, maxInflatedBytes: 5000 };

function setUp(deflater: Deflater = testDeflater, limits: FrameLimits = LIMITS) {
  const archives: string[] = [];
  const errors: ProtocolError[] = [];
  const listener: ArchiveListener = {
    onArchive: (bytes, start, end) => {
      if (bytes[start] === 0xff) throw new RangeError("no message");
      archives.push(`${bytes[start]}x${end - start}`);
    },
    onProtocolError: (error) => errors.push(error),
  };
  const push = (message: Uint8Array) => receive(message, { deflater, limits }, listener);
  /** As those do that take several messages in one. */
  const pushAll = (message: Uint8Array) => {
    for (let from = 0; from < message.length;) {
      from = receive(message, { deflater, limits }, listener, true, from);
    }
  };
  return { archives, errors, push, pushAll };
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
  test(`receive() refuses ${what}, and accepts the next message`, () => {
    const { archives, errors, push } = setUp();
    push(message);
    push(deflated(1, 3));
    assertEquals(errors.map((error) => [error.code, error.closeCode]), [[code, closeCode]]);
    assertEquals(archives, ["1x3"]);
  });
}

const stored = (fill: number, length: number) => {
  const message = new Uint8Array(5 + length).fill(fill);
  message.set([1, length, length >> 8, ~length, ~length >> 8]);
  return message;
};
const joined = (...messages: readonly Uint8Array[]) =>
  Uint8Array.from(messages.flatMap((message) => [...message]));

test("receive() takes the first of several messages, stored or deflated, and says where it ends", () => {
  const { archives, errors, pushAll } = setUp();
  pushAll(joined(
    stored(1, 3),
    deflated(2, 300),
    stored(3, 0),
    stored(4, 1),
    // A block that is not the last, then an empty one that is.
    Uint8Array.of(0, 1, 0, 0xfe, 0xff, 5, 1, 0, 0, 0xff, 0xff),
    stored(6, 900),
  ));
  assertEquals(errors, []);
  assertEquals(archives, ["1x3", "2x300", "1x0", "4x1", "5x1", "6x900"]);
});

test("receive() takes several large streams that zlib inflates, and bounds each", () => {
  const large = (fill: number) => {
    const archive = new Uint8Array(16_000).map((_, i) => Math.imul(i * i, 0x9e3779b1) >>> 13);
    archive[0] = fill;
    return new Uint8Array(deflateRawSync(archive));
  };
  assert(large(1).length > MAX_OWN_INFLATE_BYTES);
  const limits = { maxMessageBytes: 16_000, maxInflatedBytes: 16_000 };
  const { archives, errors, pushAll } = setUp(createZlibDeflater(), limits);
  pushAll(joined(large(1), stored(2, 3), large(3), deflated(4, 300)));
  pushAll(joined(large(5), large(6)));
  assertEquals(archives, ["1x16000", "2x3", "3x16000", "4x300", "5x16000", "6x16000"]);
  assertEquals(errors, []);
  const strict = setUp(createZlibDeflater(), { ...limits, maxInflatedBytes: 15_999 });
  strict.pushAll(joined(large(1), stored(2, 3)));
  const short = setUp(createZlibDeflater(), limits);
  short.pushAll(large(1).subarray(0, -1));
  assertEquals(strict.errors.concat(short.errors).map(({ code }) => code), [
    "TooBig",
    "BadDeflate",
  ]);
  assertEquals([...strict.archives, ...short.archives], []);
});

test("receive() bounds each of several messages, and not them together", () => {
  const { archives, errors, pushAll } = setUp();
  pushAll(joined(...Array.from({ length: 16 }, () => stored(1, 995))));
  assertEquals(archives.length, 16);
  pushAll(joined(stored(2, 1), stored(3, 996), stored(4, 1)));
  assertEquals(errors.map(({ code, closeCode }) => [code, closeCode]), [["TooBig", 4009]]);
  assertEquals(archives.slice(16), ["2x1"]);
});

test("receive() takes nothing behind an incomplete stream", () => {
  for (
    const broken of [
      stored(1, 3).slice(0, -1),
      deflated(1, 300).slice(0, -1),
      Uint8Array.of(1),
      Uint8Array.of(1, 9, 0, 0, 0, 9),
      Uint8Array.of(6, 0, 0, 0xff, 0xff),
    ]
  ) {
    const { archives, errors, pushAll } = setUp();
    pushAll(joined(stored(8, 1), broken));
    assertEquals(errors.map(({ code, closeCode }) => [code, closeCode]), [["BadDeflate", 4002]]);
    assertEquals(archives, ["8x1"]);
  }
});

test("receive() without an extension refuses what follows a message", () => {
  // One that is as strict as those that are used.
  const { archives, errors, push } = setUp(createStreamsDeflater());
  push(joined(stored(1, 3), stored(2, 3)));
  push(joined(deflated(1, 300), stored(2, 3)));
  assertEquals(errors.map(({ code }) => code), ["BadDeflate", "BadDeflate"]);
  assertEquals(archives, []);
});
