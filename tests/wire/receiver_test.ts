import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { deflateRawSync } from "node:zlib";
import type { Deflater } from "../../wire/deflater.ts";
import type { ProtocolError } from "../../wire/errors.ts";
import { Receiver } from "../../wire/receiver.ts";
import { testDeflater } from "../support/test_deflater.ts";

const LIMITS = { maxMessageBytes: 1000, maxInflatedBytes: 5000, maxBufferedBytes: 100 };

/** Inflates when told to. */
class LateDeflater implements Deflater {
  readonly waiting: (() => void)[] = [];
  deflate = testDeflater.deflate;
  inflate(bytes: Uint8Array, maxBytes: number): Promise<Uint8Array> {
    return new Promise((resolve, reject) =>
      this.waiting.push(() => {
        try {
          resolve(testDeflater.inflate(bytes, maxBytes));
        } catch (error) {
          reject(error);
        }
      })
    );
  }
}

function setUp(deflater: Deflater) {
  const archives: string[] = [];
  const errors: ProtocolError[] = [];
  const receiver = new Receiver({
    deflater,
    limits: LIMITS,
    onArchive: (bytes) => {
      if (bytes[0] === 0xff) throw new RangeError("no message");
      archives.push(`${bytes[0]}x${bytes.length}`);
    },
    onError: (error) => errors.push(error),
  });
  return { archives, errors, receiver };
}

const deflated = (fill: number, length: number) =>
  new Uint8Array(deflateRawSync(new Uint8Array(length).fill(fill)));
const turn = () => new Promise<void>((resolve) => setTimeout(resolve, 0));

test("Receiver delivers in the same turn where the deflater answers at once", () => {
  const { archives, receiver } = setUp(testDeflater);
  receiver.push(deflated(1, 3));
  receiver.push(Uint8Array.of(1, 2, 0, 0xfd, 0xff, 9, 9));
  assertEquals(archives, ["1x3", "9x2"]);
});

test("Receiver keeps order, and copies what it has to keep", async () => {
  const deflater = new LateDeflater();
  const { archives, receiver } = setUp(deflater);
  for (const [fill, length] of [[1, 300], [2, 200], [3, 100]] as const) {
    const message = deflated(fill, length);
    receiver.push(message);
    message.fill(0);
  }
  for (let i = 0; i < 3; i++) {
    assertEquals(deflater.waiting.length, i + 1);
    deflater.waiting[i]!();
    await turn();
  }
  assertEquals(archives, ["1x300", "2x200", "3x100"]);
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
  test(`Receiver refuses ${what}, and goes on`, async () => {
    const { archives, errors, receiver } = setUp(testDeflater);
    receiver.push(message);
    receiver.push(deflated(1, 3));
    assertEquals(errors.map((error) => [error.code, error.closeCode]), [[code, closeCode]]);
    assertEquals(archives, ["1x3"]);
    const late = new LateDeflater();
    const later = setUp(late);
    later.receiver.push(message);
    late.waiting[0]?.();
    await turn();
    assertEquals(later.errors.map((error) => error.code), [code]);
  });
}

test("Receiver bounds what waits", () => {
  const { errors, receiver } = setUp(new LateDeflater());
  receiver.push(deflated(1, 300));
  receiver.push(new Uint8Array(60).fill(3));
  receiver.push(new Uint8Array(60).fill(3));
  assertEquals(errors.map(({ code }) => code), ["TooBig"]);
});

test("Receiver.close() delivers nothing more", async () => {
  const deflater = new LateDeflater();
  const { archives, errors, receiver } = setUp(deflater);
  receiver.push(deflated(1, 300));
  receiver.push(deflated(2, 300));
  receiver.close();
  deflater.waiting[0]!();
  await turn();
  receiver.push(deflated(3, 300));
  assertEquals([archives, errors], [[], []]);
});
