import { describe, test } from "node:test";
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { decodeHex, encodeHex } from "@std/encoding";
import { FrameReader } from "../../runtime/websocket/frame_reader.ts";
import type { FrameSource } from "../../runtime/websocket/frame_reader.ts";
import { giveBuffer, takeBuffer } from "../../runtime/websocket/buffers.ts";
import { FrameError } from "../../runtime/websocket/frames.ts";
import { randomFrom, SEED } from "../fuzz/support.ts";

const MAX_BYTES = 300;
const TOO_BIG = 4009;

/** The reader's notifications and its close code, in order. */
function read(chunks: readonly Uint8Array[], source: FrameSource = "server"): string[] {
  const told: string[] = [];
  const reader = new FrameReader(
    source,
    {
      onBinary: (message) => told.push(`binary ${encodeHex(message)}`),
      onText: () => told.push("text"),
      onPing: (payload) => told.push(`ping ${encodeHex(payload)}`),
      onClose: (code, reason) => told.push(`close ${code} ${reason}`),
    },
    MAX_BYTES,
    TOO_BIG,
  );
  try {
    for (const chunk of chunks) reader.push(chunk);
  } catch (error) {
    assertInstanceOf(error, FrameError);
    told.push(`error ${error.closeCode}`);
  }
  return told;
}

const bytes = (hex: string): Uint8Array => decodeHex(hex.replaceAll(" ", ""));
const long = "ab".repeat(200);

const CASES: readonly { name: string; frames: string; told: readonly string[] }[] = [
  { name: "an empty binary message", frames: "82 00", told: ["binary "] },
  { name: "a binary message", frames: "82 03 010203", told: ["binary 010203"] },
  { name: "a message of 200 bytes", frames: `82 7e 00c8 ${long}`, told: [`binary ${long}`] },
  { name: "two messages", frames: "82 01 01 82 01 02", told: ["binary 01", "binary 02"] },
  {
    name: "a fragmented message",
    frames: "02 01 01 00 00 00 02 0203 80 01 04",
    told: ["binary 01020304"],
  },
  {
    name: "a fragmented message that ends empty",
    frames: "02 01 01 80 00 82 01 05",
    told: ["binary 01", "binary 05"],
  },
  {
    name: "a ping between fragments",
    frames: "02 01 01 89 02 aabb 80 01 02",
    told: ["ping aabb", "binary 0102"],
  },
  { name: "an empty ping", frames: "89 00", told: ["ping "] },
  { name: "a pong", frames: "8a 01 00 82 00", told: ["binary "] },
  { name: "text", frames: "81 02 c3a9", told: ["text"] },
  { name: "text split inside a character", frames: "01 01 c3 80 01 a9", told: ["text"] },
  { name: "a close without a code", frames: "88 00", told: ["close 1005 "] },
  { name: "a close", frames: "88 04 03e8 6f6b", told: ["close 1000 ok"] },
  { name: "nothing after a close", frames: "88 00 82 00", told: ["close 1005 "] },
  { name: "close code 4999", frames: "88 02 1387", told: ["close 4999 "] },

  { name: "a masked frame", frames: "82 81 00000000 00", told: ["error 1002"] },
  { name: "RSV1", frames: "c2 00", told: ["error 1002"] },
  { name: "RSV2", frames: "a2 00", told: ["error 1002"] },
  { name: "RSV3", frames: "92 00", told: ["error 1002"] },
  { name: "opcode 3", frames: "83 00", told: ["error 1002"] },
  { name: "opcode 11", frames: "8b 00", told: ["error 1002"] },
  { name: "a fragmented ping", frames: "09 00", told: ["error 1002"] },
  { name: "a ping of 126 bytes", frames: "89 7e 007e", told: ["error 1002"] },
  { name: "a continuation of nothing", frames: "80 00", told: ["error 1002"] },
  {
    name: "a continuation after the end",
    frames: "02 00 80 00 80 00",
    told: ["binary ", "error 1002"],
  },
  { name: "a message inside another", frames: "02 00 82 00", told: ["error 1002"] },
  { name: "a length of 2^63", frames: "82 7f 8000000000000000", told: ["error 1002"] },
  { name: "a length of 2^63 - 1", frames: "82 7f 7fffffffffffffff", told: ["error 4009"] },
  { name: "125 in 16 bits", frames: "82 7e 007d", told: ["error 1002"] },
  { name: "65535 in 64 bits", frames: "82 7f 000000000000ffff", told: ["error 1002"] },
  { name: "a message of one byte over the limit", frames: "82 7e 012d", told: ["error 4009"] },
  {
    name: "fragments of one byte over the limit",
    frames: `02 7e 00c8 ${long} 80 65`,
    told: ["error 4009"],
  },
  { name: "half a close code", frames: "88 01 03", told: ["error 1002"] },
  { name: "close code 999", frames: "88 02 03e7", told: ["error 1002"] },
  { name: "close code 1005", frames: "88 02 03ed", told: ["error 1002"] },
  { name: "close code 1006", frames: "88 02 03ee", told: ["error 1002"] },
  { name: "close code 1015", frames: "88 02 03f7", told: ["error 1002"] },
  { name: "close code 2999", frames: "88 02 0bb7", told: ["error 1002"] },
  { name: "close code 5000", frames: "88 02 1388", told: ["error 1002"] },
  { name: "a close reason that is not UTF-8", frames: "88 03 03e8 ff", told: ["error 1007"] },
  { name: "text that is not UTF-8", frames: "81 01 ff", told: ["error 1007"] },
  { name: "text that stops in a character", frames: "81 01 c3", told: ["error 1007"] },
];

describe("FrameReader.push()", () => {
  for (const { name, frames, told } of CASES) {
    test(`reads ${name}`, () => assertEquals(read([bytes(frames)]), [...told]));

    test(`reads ${name}, byte by byte`, () => {
      assertEquals(read([...bytes(frames)].map((byte) => Uint8Array.of(byte))), [...told]);
    });

    test(`reads ${name}, cut anywhere`, () => {
      const all = bytes(frames);
      for (let at = 0; at <= all.length; at++) {
        assertEquals(read([all.subarray(0, at), all.subarray(at)]), [...told]);
      }
    });
  }

  test("hands out a view when a message of some size lies in one chunk", () => {
    const chunk = bytes("82 40" + "01".repeat(64));
    let seen: Uint8Array | undefined;
    const reader = new FrameReader(
      "server",
      { onBinary: (message) => seen = message, onPing() {}, onClose() {} },
      MAX_BYTES,
      TOO_BIG,
    );
    reader.push(chunk);
    assertEquals(seen?.buffer === chunk.buffer, true);
  });

  test("leaves a small message alone while others of its length are read inside its call", () => {
    const seen: number[][] = [];
    const read = (onBinary: (message: Uint8Array) => void): number =>
      new FrameReader(
        "server",
        { onBinary, onPing() {}, onClose() {} },
        MAX_BYTES,
        TOO_BIG,
      ).push(bytes("82 02 0102"));
    read((outer) => {
      read((inner) => inner.fill(9));
      seen.push([...outer]);
    });
    read((message) => seen.push([...message]));
    assertEquals(seen, [[1, 2], [1, 2]]);
  });

  for (const size of [70_000, 1 << 20, (1 << 20) + 5, 3 << 20]) {
    test(`leaves ${size} bytes alone that come in parts, while another reader reads as many`, () => {
      const MAX = 4 << 20;
      const frameOf = (fill: number): Uint8Array => {
        const frame = new Uint8Array(10 + size).fill(fill);
        frame.set([0x82, 127]);
        new DataView(frame.buffer).setBigUint64(2, BigInt(size));
        return frame;
      };
      const seen: (readonly [size: number, fill: boolean])[] = [];
      const readerOf = (fill: number, inside = (): void => {}): FrameReader =>
        new FrameReader(
          "server",
          {
            onBinary(message) {
              inside();
              seen.push([message.length, message.every((byte) => byte === fill)]);
            },
            onPing() {},
            onClose() {},
          },
          MAX,
          TOO_BIG,
        );
      const pushAll = (...pairs: readonly (readonly [FrameReader, Uint8Array])[]): void => {
        for (let at = 0; at < size + 10; at += 65_536) {
          for (const [reader, frame] of pairs) reader.push(frame.slice(at, at + 65_536));
        }
      };
      // One that is read inside the call of another, and two with alternating parts.
      pushAll([readerOf(1, () => pushAll([readerOf(2), frameOf(2)])), frameOf(1)]);
      pushAll([readerOf(3), frameOf(3)], [readerOf(4), frameOf(4)]);
      assertEquals(seen, Array.from({ length: 4 }, () => [size, true] as const));
    });
  }

  test("reads no more after an error", () => {
    const told: string[] = [];
    const reader = new FrameReader(
      "server",
      { onBinary: () => told.push("binary"), onPing() {}, onClose() {} },
      MAX_BYTES,
      TOO_BIG,
    );
    try {
      reader.push(bytes("83 00"));
    } catch {
      told.push("error");
    }
    reader.push(bytes("82 00"));
    assertEquals(told, ["error"]);
  });
});

/** The same, as a client writes them: the mask bit set, a mask drawn, the payload under it. */
const MASKED_CASES: readonly { name: string; frames: string; told: readonly string[] }[] = [
  { name: "an empty binary message", frames: "82 80 11223344", told: ["binary "] },
  { name: "one byte", frames: "82 81 11223344 10", told: ["binary 01"] },
  { name: "five bytes", frames: "82 85 11223344 1020304054", told: ["binary 0102030445"] },
  {
    name: "a message of 200 bytes",
    frames: `82 fe 00c8 ff00ff00 ${"54ab".repeat(100)}`,
    told: [`binary ${long}`],
  },
  {
    name: "fragments, each with its own mask",
    frames: "02 82 00000001 0102 80 82 ff000000 fc04",
    told: ["binary 01020304"],
  },
  {
    name: "a ping between fragments",
    frames: "02 81 01010101 00 89 82 01010101 abba 80 80 01010101",
    told: ["ping aabb", "binary 01"],
  },
  { name: "a close", frames: "88 82 ffffffff fc17", told: ["close 1000 "] },
  { name: "an unmasked message", frames: "82 01 01", told: ["error 1002"] },
  { name: "an unmasked empty message", frames: "82 00", told: ["error 1002"] },
  { name: "an unmasked close", frames: "88 00", told: ["error 1002"] },
  { name: "an unmasked continuation", frames: "02 81 00000000 01 80 01 02", told: ["error 1002"] },
  { name: "one byte over the limit", frames: "82 fe 012d 00000000", told: ["error 4009"] },
  { name: "a length of 2^63", frames: "82 ff 8000000000000000 00000000", told: ["error 1002"] },
  { name: "half a close code", frames: "88 81 00000000 03", told: ["error 1002"] },
];

describe("FrameReader.push() of a client's frames", () => {
  for (const { name, frames, told } of MASKED_CASES) {
    test(`reads ${name}, cut anywhere`, () => {
      const { length } = bytes(frames);
      for (let at = 0; at <= length; at++) {
        const all = bytes(frames);
        assertEquals(read([all.slice(0, at), all.slice(at)], "client"), [...told]);
      }
      const single = [...bytes(frames)].map((byte) => Uint8Array.of(byte));
      assertEquals(read(single, "client"), [...told]);
    });
  }
});

test("a listener that takes memory gets a message that fills its buffer, no larger than one before", () => {
  const got: Uint8Array[] = [];
  let takesMemory = true;
  const reader = new FrameReader(
    "server",
    {
      get takesMemory() {
        return takesMemory;
      },
      onBinary: (message) => void got.push(message),
      onPing() {},
      onClose() {},
    },
    1 << 20,
    TOO_BIG,
  );
  const receive = (size: number): boolean => {
    const payload = Uint8Array.from({ length: size }, (_, i) => i * i);
    const frame = new Uint8Array(10 + size);
    frame.set([0x82, 127, 0, 0, 0, 0, 0, size >> 16, size >> 8, size]);
    frame.set(payload, 10);
    reader.push(frame.subarray(0, 30_000));
    reader.push(frame.subarray(30_000));
    const message = got.pop()!;
    assertEquals(message, payload);
    return message.byteLength === message.buffer.byteLength;
  };
  assertEquals(receive(70_000), false, "a header alone takes no memory");
  assertEquals(receive(70_000), true);
  assertEquals(receive(65_536), true);
  assertEquals(receive(70_001), false);
  assertEquals(receive(70_001), true);
  takesMemory = false;
  assertEquals(receive(70_000), false);
});

/** Frames of a message of so many equal bytes, masked by zeros, in one or two parts. */
function framesOf(byte: number, length: number, random: (bound: number) => number): Uint8Array[] {
  const ends = random(3) > 0 ? [length] : [random(length), length];
  return ends.flatMap((end, i) => {
    const bytes = end - (ends[i - 1] ?? 0);
    const head = new Uint8Array(14);
    const view = new DataView(head.buffer);
    head[0] = (i === 0 ? 0x02 : 0x00) | (end === length ? 0x80 : 0x00);
    const size = bytes < 126 ? 2 : bytes < 65_536 ? 4 : 10;
    head[1] = 0x80 | (size === 2 ? bytes : size === 4 ? 126 : 127);
    if (size === 4) view.setUint16(2, bytes);
    if (size === 10) view.setBigUint64(2, BigInt(bytes));
    return [head.slice(0, size + 4), new Uint8Array(bytes).fill(byte)];
  });
}

test("a listener may take the memory of messages that fill it, and others' bytes stay, however they are cut", () => {
  const SIZES = [70, 16_385, 16_896, 65_536, 66_048, 262_656, 1_049_088, 1_100_000];
  const random = randomFrom(SEED);
  const kept: [message: Uint8Array, byte: number][] = [];
  let takesMemory = false;
  let next = 0;
  let taken = 0;
  const sent: [byte: number, length: number][] = [];
  const sink = {
    get takesMemory() {
      return takesMemory;
    },
    onBinary(message: Uint8Array) {
      const [byte, length] = sent[next++]!;
      const fills = length > 16_384 && message.buffer.byteLength === message.length;
      const isTaken = fills && takesMemory;
      if (isTaken) taken++;
      const own = isTaken ? message : message.slice();
      assertEquals([own.length, own.every((each) => each === byte)], [length, true]);
      kept.push([own, byte]);
      takesMemory = random(4) > 0;
      // Others take and return buffers meanwhile.
      const pooled = takeBuffer(length);
      giveBuffer(pooled.fill(0xcc));
    },
    onPing() {},
    onClose() {},
  };
  const reader = new FrameReader("client", sink, 2 << 20, TOO_BIG);
  for (let round = 0; round < 60; round++) {
    const parts: Uint8Array[] = [];
    for (let count = 1 + random(4); count > 0; count--) {
      const [byte, length] = [random(200), SIZES[random(SIZES.length)]!];
      sent.push([byte, length]);
      parts.push(...framesOf(byte, length, random));
    }
    // Some chunks are exactly the payload of a frame. Their giver writes over them afterwards.
    if (random(2) === 0) {
      for (const part of parts) {
        reader.push(part);
        part.fill(0xdd);
      }
    } else {
      const stream = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
      let end = 0;
      for (const part of parts) stream.set(part, (end += part.length) - part.length);
      for (let at = 0; at < end;) {
        const chunk = stream.slice(at, at += 1 + random(random(2) === 0 ? 70_000 : 500_000));
        reader.push(chunk);
        chunk.fill(0xdd);
      }
    }
  }
  assertEquals(next, sent.length);
  for (const [message, byte] of kept) assert(message.every((each) => each === byte));
  assert(taken > 20, `${taken} of ${next}`);
});
